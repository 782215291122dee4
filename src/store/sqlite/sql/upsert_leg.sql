-- Called by the writer once for every leg a batch touched. Key of leg.
INSERT INTO leg (lane, leg, body) VALUES (?1, ?2, ?3)
ON CONFLICT (lane, leg) DO UPDATE SET body = excluded.body
