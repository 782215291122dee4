-- Called by the administrator.
INSERT INTO signing_key (key_id, public_key) VALUES (?1, ?2)
