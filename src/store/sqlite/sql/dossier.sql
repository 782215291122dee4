-- Called by writer and reader. Key of dossier.
SELECT body FROM dossier WHERE at = ?1
