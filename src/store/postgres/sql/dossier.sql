-- Called by writer and reader. Key of dossier.
SELECT body FROM dossier WHERE lane = $1 AND dossier = $2
