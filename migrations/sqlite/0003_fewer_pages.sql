-- Fewer pages to write for a line: what is found by its place has its place as the row's own key, lane first
-- (lane * 2^48 + position), and so no index beside it; and a log is kept in runs, one row for the lines of a log in a
-- batch, instead of one row for each.

CREATE TABLE placed_entry (
  at     INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  prev   INTEGER NOT NULL,
  logs   BLOB NOT NULL,                         -- (party, seq) of every log that lists it
  record BLOB NOT NULL,
  event  BLOB NOT NULL,
  lane   INTEGER GENERATED ALWAYS AS (at >> 48) VIRTUAL,
  pos    INTEGER GENERATED ALWAYS AS (at & 281474976710655) VIRTUAL
);
INSERT INTO placed_entry (at, source, prev, logs, record, event)
SELECT (lane << 48) | pos, source, prev, logs, record, event FROM entry ORDER BY lane, pos;
DROP TABLE entry;
ALTER TABLE placed_entry RENAME TO entry;

-- Erased in place: salt and body become zeros of the same length. A row that is removed lets its neighbours move, and
-- pages keep stale copies of what has moved.
CREATE TABLE placed_personal (
  at     INTEGER PRIMARY KEY,
  erased INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  salt   BLOB NOT NULL,
  body   BLOB NOT NULL,
  lane   INTEGER GENERATED ALWAYS AS (at >> 48) VIRTUAL,
  pos    INTEGER GENERATED ALWAYS AS (at & 281474976710655) VIRTUAL
);
INSERT INTO placed_personal (at, erased, key_id, salt, body)
SELECT (lane << 48) | pos, erased, key_id, salt, body FROM personal ORDER BY lane, pos;
DROP TABLE personal;
ALTER TABLE placed_personal RENAME TO personal;

CREATE TABLE placed_leg (
  at   INTEGER PRIMARY KEY,
  body BLOB NOT NULL,
  lane INTEGER GENERATED ALWAYS AS (at >> 48) VIRTUAL,
  leg  INTEGER GENERATED ALWAYS AS (at & 281474976710655) VIRTUAL
);
INSERT INTO placed_leg (at, body) SELECT (lane << 48) | leg, body FROM leg ORDER BY lane, leg;
DROP TABLE leg;
ALTER TABLE placed_leg RENAME TO leg;

CREATE TABLE placed_dossier (
  at      INTEGER PRIMARY KEY,
  body    BLOB NOT NULL,
  lane    INTEGER GENERATED ALWAYS AS (at >> 48) VIRTUAL,
  dossier INTEGER GENERATED ALWAYS AS (at & 281474976710655) VIRTUAL
);
INSERT INTO placed_dossier (at, body) SELECT (lane << 48) | dossier, body FROM dossier ORDER BY lane, dossier;
DROP TABLE dossier;
ALTER TABLE placed_dossier RENAME TO dossier;

-- `seq` lists `pos`, and each number after it the position so much further on: `steps` holds the differences, each in
-- seven-bit groups, the low one first, all but its last with the high bit set.
CREATE TABLE log_run (
  lane  INTEGER NOT NULL,
  party INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  pos   INTEGER NOT NULL,
  steps BLOB NOT NULL,
  PRIMARY KEY (lane, party, seq)
) WITHOUT ROWID;
INSERT INTO log_run (lane, party, seq, lines, pos, steps)
SELECT lane, party, seq, 1, pos, x'' FROM log ORDER BY lane, party, seq;
DROP TABLE log;
