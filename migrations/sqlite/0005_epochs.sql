-- Epochs that ended, each with the last position that its history has in common with the one that went on. Few, and small
-- enough to live in their key.
CREATE TABLE epoch (
  lane  INTEGER NOT NULL,
  epoch BLOB NOT NULL,
  upto  INTEGER NOT NULL,
  PRIMARY KEY (lane, epoch)
) WITHOUT ROWID;
