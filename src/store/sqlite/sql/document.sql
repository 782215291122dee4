-- Called by writer and reader. Key of document.
SELECT body FROM document WHERE at = ?1
