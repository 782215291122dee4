-- Called by the writer. Key of consumer.
INSERT INTO consumer (lane, party, name, body) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (lane, party, name) DO UPDATE SET body = excluded.body
