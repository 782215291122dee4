-- Called by the writer once for every dossier a batch touched. Key of dossier.
INSERT INTO dossier (lane, dossier, body) VALUES (?1, ?2, ?3)
ON CONFLICT (lane, dossier) DO UPDATE SET body = excluded.body
