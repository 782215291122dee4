-- Called by the reader. Whole table, by age.
SELECT id, secret_sha256, party, role, name, person, sources, created_at, revoked_at
FROM api_key
ORDER BY created_at, id
