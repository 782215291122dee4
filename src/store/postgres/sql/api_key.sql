-- Called by the reader. Key of api_key.
SELECT id, secret_sha256, party, role, name, person, sources, created_at, revoked_at FROM api_key WHERE id = $1
