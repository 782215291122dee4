-- Called by the reader and by the administrator. Key of signing_key.
SELECT public_key FROM signing_key WHERE key_id = $1
