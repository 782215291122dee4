-- Called by the writer once for every batch with lines. Appends to seal and its index.
INSERT INTO seal (lane, size, committed_at, root, key_id, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
