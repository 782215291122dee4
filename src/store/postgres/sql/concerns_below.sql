-- Called by the reader for listings. Key of concern, backward.
SELECT ref FROM concern
WHERE lane = $1 AND party = $2 AND kind = $3 AND ref < $4
ORDER BY ref DESC
LIMIT $5
