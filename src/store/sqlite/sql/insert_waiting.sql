-- Called by the writer. A code named twice is waited for once.
INSERT INTO waiting (lane, code, pos) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING
