-- The ground. Times are microseconds, days count from 1970-01-01 in Vietnam, texts and names are bytes.
-- Every key of a journal table starts with lane. Small rows live in their key (WITHOUT ROWID); rows of several hundred
-- bytes do not: in a key they would leave four to a page, interior pages included.

-- What the store is. One row.
CREATE TABLE meta (
  one               INTEGER PRIMARY KEY CHECK (one = 1),
  database          BLOB NOT NULL,
  clock             INTEGER,                    -- NULL until the first serve; 1 system, 2 replay
  copied            INTEGER NOT NULL,
  directory_version INTEGER NOT NULL,
  next_source       INTEGER NOT NULL            -- short numbers are never given twice
);

-- The directory: small, read whole, the same for all lanes.

CREATE TABLE source (                           -- every party is a source too, of its commands
  id     INTEGER PRIMARY KEY,
  name   BLOB NOT NULL UNIQUE,
  lane   INTEGER NOT NULL,
  party  BLOB NOT NULL,
  agency BLOB,
  office BLOB,
  holder BLOB
);

CREATE TABLE party (
  id         INTEGER PRIMARY KEY,               -- that of the source of the same name
  name       BLOB NOT NULL UNIQUE,
  lane       INTEGER NOT NULL,
  kind       INTEGER NOT NULL,                  -- 0 carrier, else the number of AgencyKind
  title      BLOB NOT NULL,
  parent     BLOB,
  valid_from INTEGER,
  valid_to   INTEGER
);

CREATE TABLE alias (
  code       BLOB NOT NULL,
  valid_from INTEGER NOT NULL,                  -- the least integer = always
  agency     BLOB NOT NULL,
  valid_to   INTEGER,
  PRIMARY KEY (code, valid_from)
) WITHOUT ROWID;

CREATE TABLE office (
  carrier  BLOB NOT NULL,
  code     BLOB NOT NULL,
  title    BLOB NOT NULL,
  province BLOB NOT NULL,
  PRIMARY KEY (carrier, code)
) WITHOUT ROWID;

CREATE TABLE procedure (
  name       BLOB PRIMARY KEY,
  title      BLOB NOT NULL,
  level      BLOB NOT NULL,
  pickup     INTEGER NOT NULL,
  returned   INTEGER NOT NULL,
  valid_from INTEGER
) WITHOUT ROWID;

-- Who may call, and who signed.

CREATE TABLE api_key (
  id            BLOB PRIMARY KEY,
  secret_sha256 BLOB NOT NULL,
  party         BLOB,
  role          BLOB NOT NULL,
  name          BLOB NOT NULL,
  person        BLOB,
  sources       BLOB NOT NULL,
  created_at    INTEGER NOT NULL,
  revoked_at    INTEGER
) WITHOUT ROWID;

CREATE TABLE signing_key (
  key_id     INTEGER PRIMARY KEY,
  public_key BLOB NOT NULL
);

-- The journal.

CREATE TABLE lane (
  lane      INTEGER PRIMARY KEY,
  epoch     BLOB NOT NULL,
  pos       INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  sealed_at INTEGER NOT NULL,
  frontier  BLOB NOT NULL,
  told      INTEGER NOT NULL
);

CREATE TABLE entry (
  lane   INTEGER NOT NULL,
  pos    INTEGER NOT NULL,
  source INTEGER NOT NULL,
  prev   INTEGER NOT NULL,
  logs   BLOB NOT NULL,                         -- (party, seq) of every log that lists it
  record BLOB NOT NULL,
  event  BLOB NOT NULL,
  PRIMARY KEY (lane, pos)
);

CREATE TABLE event_key (                        -- the id before the source: UUIDv7 ids append
  lane   INTEGER NOT NULL,
  cid    BLOB NOT NULL,
  source INTEGER NOT NULL,
  pos    INTEGER NOT NULL,
  PRIMARY KEY (lane, cid, source)
) WITHOUT ROWID;

CREATE TABLE log (
  lane  INTEGER NOT NULL,
  party INTEGER NOT NULL,
  seq   INTEGER NOT NULL,
  pos   INTEGER NOT NULL,
  PRIMARY KEY (lane, party, seq)
) WITHOUT ROWID;

-- Erased in place: salt and body become zeros of the same length. A row that is removed lets its neighbours move, and
-- pages keep stale copies of what has moved.
CREATE TABLE personal (
  lane   INTEGER NOT NULL,
  pos    INTEGER NOT NULL,
  erased INTEGER NOT NULL,
  key_id INTEGER NOT NULL,
  salt   BLOB NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (lane, pos)
);

CREATE TABLE leg (
  lane INTEGER NOT NULL,
  leg  INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (lane, leg)
);

CREATE TABLE dossier (
  lane    INTEGER NOT NULL,
  dossier INTEGER NOT NULL,
  body    BLOB NOT NULL,
  PRIMARY KEY (lane, dossier)
);

CREATE TABLE concern (                          -- what is listed for whom
  lane  INTEGER NOT NULL,
  party INTEGER NOT NULL,
  kind  INTEGER NOT NULL,                       -- 1 leg, 2 dossier
  ref   INTEGER NOT NULL,
  PRIMARY KEY (lane, party, kind, ref)
) WITHOUT ROWID;

CREATE TABLE tag (                              -- codes are not unique
  lane     INTEGER NOT NULL,
  code     BLOB NOT NULL,
  at_pos   INTEGER NOT NULL,
  ref_kind INTEGER NOT NULL,                    -- 1 leg, 2 dossier
  ref      INTEGER NOT NULL,
  by_lane  INTEGER NOT NULL,                    -- a placed event may stand in another lane
  by_pos   INTEGER NOT NULL,
  PRIMARY KEY (lane, code, at_pos, ref_kind, ref, by_lane, by_pos)
) WITHOUT ROWID;

CREATE INDEX tag_at ON tag (lane, at_pos);

CREATE TABLE waiting (
  lane INTEGER NOT NULL,
  code BLOB NOT NULL,
  pos  INTEGER NOT NULL,
  PRIMARY KEY (lane, code, pos)
) WITHOUT ROWID;

CREATE INDEX waiting_pos ON waiting (lane, pos);

CREATE TABLE pin (
  lane        INTEGER NOT NULL,
  pos         INTEGER NOT NULL,
  target_lane INTEGER NOT NULL,
  target_pos  INTEGER NOT NULL,
  PRIMARY KEY (lane, pos)
) WITHOUT ROWID;

CREATE TABLE device (
  lane   INTEGER NOT NULL,
  source INTEGER NOT NULL,
  body   BLOB NOT NULL,
  PRIMARY KEY (lane, source)
);

CREATE TABLE follower (
  lane INTEGER NOT NULL,
  name BLOB NOT NULL,
  pos  INTEGER NOT NULL,
  PRIMARY KEY (lane, name)
) WITHOUT ROWID;

CREATE TABLE seal (
  lane         INTEGER NOT NULL,
  size         INTEGER NOT NULL,
  committed_at INTEGER NOT NULL,
  root         BLOB NOT NULL,
  key_id       INTEGER NOT NULL,
  signature    BLOB NOT NULL,
  PRIMARY KEY (lane, size)
) WITHOUT ROWID;

CREATE INDEX seal_at ON seal (lane, committed_at);
