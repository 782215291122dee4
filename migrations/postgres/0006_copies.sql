-- A store that is copied into another kind of store while it is served.
ALTER TABLE meta ADD COLUMN phase bigint NOT NULL DEFAULT 0; -- 0 serving, 1 copied from, 2 moving, 3 moved, 4 being filled
-- Of 1 and 2: until when they count, in microseconds, unless whoever copies says it again. Of 3 and 4: which copy it is.
ALTER TABLE meta ADD COLUMN mark bigint NOT NULL DEFAULT 0;

-- What each commit changed while the store is copied from: the keys of its rows, in one. Only files are copied from.
CREATE TABLE touched (
  lane    integer NOT NULL,
  version bigint NOT NULL,                      -- of the lane, as the commit left it
  body    bytea NOT NULL,
  PRIMARY KEY (lane, version)
);
