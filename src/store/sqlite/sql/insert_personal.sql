-- Called by the writer for a line with a personal part. Appends to personal and its key.
INSERT INTO personal (lane, pos, erased, key_id, salt, body) VALUES (?1, ?2, 0, ?3, ?4, ?5)
