-- Called before the first migration of a store.
CREATE TABLE IF NOT EXISTS migration (
  number     bigint PRIMARY KEY,
  sha256     bytea NOT NULL,
  applied_at bigint NOT NULL
)
