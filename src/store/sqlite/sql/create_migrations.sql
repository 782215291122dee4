-- Called before the first migration of a store.
CREATE TABLE IF NOT EXISTS migration (
  number     INTEGER PRIMARY KEY,
  sha256     BLOB NOT NULL,
  applied_at INTEGER NOT NULL
)
