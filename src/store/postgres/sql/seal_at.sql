-- Called by the reader for answers as of a time. Index seal_at, backward.
SELECT size, committed_at, root, key_id, signature FROM seal
WHERE lane = $1 AND committed_at <= $2
ORDER BY committed_at DESC, size DESC
LIMIT 1
