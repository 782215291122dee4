-- Called by the writer once for every leg a batch touched. Key of leg.
INSERT INTO leg (at, body) VALUES (?1, ?2)
ON CONFLICT (at) DO UPDATE SET body = excluded.body
