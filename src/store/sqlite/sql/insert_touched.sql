-- Called by the writer and the administrator while the store is copied from. Appends to touched.
INSERT INTO touched (lane, version, body) VALUES (?1, ?2, ?3)
