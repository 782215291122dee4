-- Called by the administrator. The first key of an id stays.
INSERT INTO signing_key (key_id, public_key) VALUES ($1, $2)
ON CONFLICT DO NOTHING
