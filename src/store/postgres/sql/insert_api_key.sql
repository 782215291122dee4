-- Called by the administrator. Refuses an id that is kept already.
INSERT INTO api_key (id, secret_sha256, party, role, name, person, sources, created_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
