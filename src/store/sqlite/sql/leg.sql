-- Called by writer and reader. Key of leg.
SELECT body FROM leg WHERE lane = ?1 AND leg = ?2
