-- Called by the writer. What is listed already stays listed once.
INSERT INTO concern (lane, party, kind, ref) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING
