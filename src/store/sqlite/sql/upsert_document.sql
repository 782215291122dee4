-- Called by the writer once for every document a batch touched. Key of document.
INSERT INTO document (at, body) VALUES (?1, ?2)
ON CONFLICT (at) DO UPDATE SET body = excluded.body
