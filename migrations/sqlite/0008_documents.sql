-- Documents of two parties: manifests.
CREATE TABLE document (
  at       INTEGER PRIMARY KEY,
  body     BLOB NOT NULL,
  lane     INTEGER GENERATED ALWAYS AS (at >> 48) VIRTUAL,
  document INTEGER GENERATED ALWAYS AS (at & 281474976710655) VIRTUAL
);
