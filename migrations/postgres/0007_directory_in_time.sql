-- The directory in time. Days count from 1970-01-01 in Vietnam; the least integer as a first day = always.

-- A procedure has versions, each from its first day until the next begins. What was entered before is a first version.
CREATE TABLE procedure_version (
  name       bytea NOT NULL,
  valid_from bigint NOT NULL,
  valid_to   bigint,
  action     bigint NOT NULL,                   -- the number of ProcedureAction
  decision   bytea NOT NULL,
  title      bytea NOT NULL,
  level      bytea NOT NULL,
  pickup     bigint NOT NULL,
  returned   bigint NOT NULL,
  days       bigint,                            -- working days to decide
  PRIMARY KEY (name, valid_from)
);
INSERT INTO procedure_version (name, valid_from, action, decision, title, level, pickup, returned)
SELECT name, coalesce(valid_from, '-9223372036854775808'::bigint), 1, ''::bytea, title, level, pickup, returned FROM procedure;
DROP TABLE procedure;

ALTER TABLE party ADD COLUMN level bigint;      -- the number of Level
ALTER TABLE party ADD COLUMN successor bytea;
ALTER TABLE party ADD COLUMN decision bytea;   -- that ended it
ALTER TABLE source ADD COLUMN retired_at bigint;
ALTER TABLE source ADD COLUMN successor bytea;

CREATE TABLE person (                           -- known by staff number; no name is kept
  party  bytea NOT NULL,
  number bytea NOT NULL,
  PRIMARY KEY (party, number)
);

CREATE TABLE appointment (
  party      bytea NOT NULL,
  person     bytea NOT NULL,
  role       bigint NOT NULL,                   -- the number of StaffRole
  place      bytea NOT NULL,                   -- six digits of an office, the whole name of an agency, or nothing
  valid_from bigint NOT NULL,
  valid_to   bigint,
  acts_for   bytea,
  decision   bytea NOT NULL,
  substitute bytea,
  PRIMARY KEY (party, person, role, place, valid_from)
);

CREATE TABLE calendar_day (                     -- that is not as its weekday says
  day   bigint PRIMARY KEY,
  works bigint NOT NULL,
  title bytea NOT NULL
);
