-- Named consumers: the places that readers keep in their party's log. Few, and small enough to live in their key.
CREATE TABLE consumer (
  lane  INTEGER NOT NULL,
  party INTEGER NOT NULL,
  name  BLOB NOT NULL,
  body  BLOB NOT NULL,
  PRIMARY KEY (lane, party, name)
) WITHOUT ROWID;
