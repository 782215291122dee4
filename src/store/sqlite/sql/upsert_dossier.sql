-- Called by the writer once for every dossier a batch touched. Key of dossier.
INSERT INTO dossier (at, body) VALUES (?1, ?2)
ON CONFLICT (at) DO UPDATE SET body = excluded.body
