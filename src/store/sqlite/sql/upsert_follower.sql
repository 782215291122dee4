-- Called by the writer. Key of follower.
INSERT INTO follower (lane, name, pos) VALUES (?1, ?2, ?3)
ON CONFLICT (lane, name) DO UPDATE SET pos = excluded.pos
