-- The directory in time. Days count from 1970-01-01 in Vietnam; the least integer as a first day = always.

-- A procedure has versions, each from its first day until the next begins. What was entered before is a first version.
CREATE TABLE procedure_version (
  name       BLOB NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to   INTEGER,
  action     INTEGER NOT NULL,                   -- the number of ProcedureAction
  decision   BLOB NOT NULL,
  title      BLOB NOT NULL,
  level      BLOB NOT NULL,
  pickup     INTEGER NOT NULL,
  returned   INTEGER NOT NULL,
  days       INTEGER,                            -- working days to decide
  PRIMARY KEY (name, valid_from)
) WITHOUT ROWID;
INSERT INTO procedure_version (name, valid_from, action, decision, title, level, pickup, returned)
SELECT name, coalesce(valid_from, -9223372036854775808), 1, x'', title, level, pickup, returned FROM procedure;
DROP TABLE procedure;

ALTER TABLE party ADD COLUMN level INTEGER;      -- the number of Level
ALTER TABLE party ADD COLUMN successor BLOB;
ALTER TABLE party ADD COLUMN decision BLOB;   -- that ended it
ALTER TABLE source ADD COLUMN retired_at INTEGER;
ALTER TABLE source ADD COLUMN successor BLOB;

CREATE TABLE person (                           -- known by staff number; no name is kept
  party  BLOB NOT NULL,
  number BLOB NOT NULL,
  PRIMARY KEY (party, number)
) WITHOUT ROWID;

CREATE TABLE appointment (
  party      BLOB NOT NULL,
  person     BLOB NOT NULL,
  role       INTEGER NOT NULL,                   -- the number of StaffRole
  place      BLOB NOT NULL,                   -- six digits of an office, the whole name of an agency, or nothing
  valid_from INTEGER NOT NULL,
  valid_to   INTEGER,
  acts_for   BLOB,
  decision   BLOB NOT NULL,
  substitute BLOB,
  PRIMARY KEY (party, person, role, place, valid_from)
) WITHOUT ROWID;

CREATE TABLE calendar_day (                     -- that is not as its weekday says
  day   INTEGER PRIMARY KEY,
  works INTEGER NOT NULL,
  title BLOB NOT NULL
);
