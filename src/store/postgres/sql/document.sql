-- Called by writer and reader. Key of document.
SELECT body FROM document WHERE lane = $1 AND document = $2
