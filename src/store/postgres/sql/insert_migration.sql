-- Called after each migration.
INSERT INTO migration (number, sha256, applied_at) VALUES ($1, $2, $3)
