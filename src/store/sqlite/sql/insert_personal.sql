-- Called by the writer for a line with a personal part. Appends to personal.
INSERT INTO personal (at, erased, key_id, salt, body) VALUES (?1, 0, ?2, ?3, ?4)
