-- The ground: the tables of the SQLite store at the same number, with the same columns. Times are microseconds, days count
-- from 1970-01-01 in Vietnam, texts and names are bytes. Every key and index of a journal table starts with lane.

-- What the store is. One row.
CREATE TABLE meta (
  one               bigint PRIMARY KEY CHECK (one = 1),
  database          bytea NOT NULL,
  clock             bigint,                     -- NULL until the first serve; 1 system, 2 replay
  copied            bigint NOT NULL,
  directory_version bigint NOT NULL,
  next_source       bigint NOT NULL             -- short numbers are never given twice
);

-- The directory: small, read whole, the same for all lanes.

CREATE TABLE source (                           -- every party is a source too, of its commands
  id     bigint PRIMARY KEY,
  name   bytea NOT NULL UNIQUE,
  lane   integer NOT NULL,
  party  bytea NOT NULL,
  agency bytea,
  office bytea,
  holder bytea
);

CREATE TABLE party (
  id         bigint PRIMARY KEY,                -- that of the source of the same name
  name       bytea NOT NULL UNIQUE,
  lane       integer NOT NULL,
  kind       bigint NOT NULL,                   -- 0 carrier, else the number of AgencyKind
  title      bytea NOT NULL,
  parent     bytea,
  valid_from bigint,
  valid_to   bigint
);

CREATE TABLE alias (
  code       bytea NOT NULL,
  valid_from bigint NOT NULL,                   -- the least integer = always
  agency     bytea NOT NULL,
  valid_to   bigint,
  PRIMARY KEY (code, valid_from)
);

CREATE TABLE office (
  carrier  bytea NOT NULL,
  code     bytea NOT NULL,
  title    bytea NOT NULL,
  province bytea NOT NULL,
  PRIMARY KEY (carrier, code)
);

CREATE TABLE procedure (
  name       bytea PRIMARY KEY,
  title      bytea NOT NULL,
  level      bytea NOT NULL,
  pickup     bigint NOT NULL,
  returned   bigint NOT NULL,
  valid_from bigint
);

-- Who may call, and who signed.

CREATE TABLE api_key (
  id            bytea PRIMARY KEY,
  secret_sha256 bytea NOT NULL,
  party         bytea,
  role          bytea NOT NULL,
  name          bytea NOT NULL,
  person        bytea,
  sources       bytea NOT NULL,
  created_at    bigint NOT NULL,
  revoked_at    bigint
);

CREATE TABLE signing_key (
  key_id     bigint PRIMARY KEY,
  public_key bytea NOT NULL
);

-- The journal.

CREATE TABLE lane (
  lane      integer PRIMARY KEY,
  epoch     bytea NOT NULL,
  pos       bigint NOT NULL,
  version   bigint NOT NULL,
  sealed_at bigint NOT NULL,
  frontier  bytea NOT NULL,
  told      bigint NOT NULL
) WITH (fillfactor = 20);                       -- rewritten with every commit: its old versions stay on its page

-- Epochs that ended, each with the last position that its history has in common with the one that went on.
CREATE TABLE epoch (
  lane  integer NOT NULL,
  epoch bytea NOT NULL,
  upto  bigint NOT NULL,
  PRIMARY KEY (lane, epoch)
);

CREATE TABLE entry (
  lane   integer NOT NULL,
  pos    bigint NOT NULL,
  source bigint NOT NULL,
  prev   bigint NOT NULL,
  logs   bytea NOT NULL,                        -- (party, seq) of every log that lists it
  record bytea NOT NULL,
  event  bytea NOT NULL,
  PRIMARY KEY (lane, pos)
);
-- Records and events are digests and short codes: nothing is gained by pressing them.
ALTER TABLE entry ALTER COLUMN record SET STORAGE EXTERNAL, ALTER COLUMN event SET STORAGE EXTERNAL;

CREATE TABLE event_key (                        -- the id before the source: UUIDv7 ids append
  lane   integer NOT NULL,
  cid    bytea NOT NULL,
  source bigint NOT NULL,
  pos    bigint NOT NULL,
  PRIMARY KEY (lane, cid, source)
);

-- `seq` lists `pos`, and each number after it the position so much further on: `steps` holds the differences, each in
-- seven-bit groups, the low one first, all but its last with the high bit set.
CREATE TABLE log_run (
  lane  integer NOT NULL,
  party bigint NOT NULL,
  seq   bigint NOT NULL,
  lines bigint NOT NULL,
  pos   bigint NOT NULL,
  steps bytea NOT NULL,
  PRIMARY KEY (lane, party, seq)
);

-- Erased in place: salt and body become zeros of the same length.
CREATE TABLE personal (
  lane   integer NOT NULL,
  pos    bigint NOT NULL,
  erased bigint NOT NULL,
  key_id bigint NOT NULL,
  salt   bytea NOT NULL,
  body   bytea NOT NULL,
  PRIMARY KEY (lane, pos)
);

CREATE TABLE leg (
  lane integer NOT NULL,
  leg  bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (lane, leg)
) WITH (fillfactor = 70);                       -- rewritten a dozen times in its life

CREATE TABLE dossier (
  lane    integer NOT NULL,
  dossier bigint NOT NULL,
  body    bytea NOT NULL,
  PRIMARY KEY (lane, dossier)
) WITH (fillfactor = 80);

CREATE TABLE concern (                          -- what is listed for whom
  lane  integer NOT NULL,
  party bigint NOT NULL,
  kind  bigint NOT NULL,                        -- 1 leg, 2 dossier
  ref   bigint NOT NULL,
  PRIMARY KEY (lane, party, kind, ref)
);

CREATE TABLE tag (                              -- codes are not unique
  lane     integer NOT NULL,
  code     bytea NOT NULL,
  at_pos   bigint NOT NULL,
  ref_kind bigint NOT NULL,                     -- 1 leg, 2 dossier
  ref      bigint NOT NULL,
  by_lane  integer NOT NULL,                    -- a placed event may stand in another lane
  by_pos   bigint NOT NULL,
  PRIMARY KEY (lane, code, at_pos, ref_kind, ref, by_lane, by_pos)
);

CREATE INDEX tag_at ON tag (lane, at_pos);

CREATE TABLE waiting (
  lane integer NOT NULL,
  code bytea NOT NULL,
  pos  bigint NOT NULL,
  PRIMARY KEY (lane, code, pos)
);

CREATE INDEX waiting_pos ON waiting (lane, pos, code);
-- What waits for a code to become known, in order of age, so that the oldest is found at once however much waits. Scans of
-- bags (their code's key begins with 2) wait as long as contents may come, and are none of these.
CREATE INDEX waiting_unplaced ON waiting (lane, pos) WHERE substr(code, 1, 1) <> '\x32'::bytea;

CREATE TABLE pin (
  lane        integer NOT NULL,
  pos         bigint NOT NULL,
  target_lane integer NOT NULL,
  target_pos  bigint NOT NULL,
  PRIMARY KEY (lane, pos)
);

CREATE TABLE device (
  lane   integer NOT NULL,
  source bigint NOT NULL,
  body   bytea NOT NULL,
  PRIMARY KEY (lane, source)
) WITH (fillfactor = 50);

CREATE TABLE follower (
  lane integer NOT NULL,
  name bytea NOT NULL,
  pos  bigint NOT NULL,
  PRIMARY KEY (lane, name)
) WITH (fillfactor = 50);

-- Named consumers: the places that readers keep in their party's log.
CREATE TABLE consumer (
  lane  integer NOT NULL,
  party bigint NOT NULL,
  name  bytea NOT NULL,
  body  bytea NOT NULL,
  PRIMARY KEY (lane, party, name)
) WITH (fillfactor = 50);

CREATE TABLE seal (
  lane         integer NOT NULL,
  size         bigint NOT NULL,
  committed_at bigint NOT NULL,
  root         bytea NOT NULL,
  key_id       bigint NOT NULL,
  signature    bytea NOT NULL,
  PRIMARY KEY (lane, size)
);

CREATE INDEX seal_at ON seal (lane, committed_at, size);
