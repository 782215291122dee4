-- Documents of two parties: manifests.
CREATE TABLE document (
  lane     integer NOT NULL,
  document bigint NOT NULL,
  body     bytea NOT NULL,
  PRIMARY KEY (lane, document)
);
