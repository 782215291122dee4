-- Called by writer and reader. Key of leg.
SELECT body FROM leg WHERE at = ?1
