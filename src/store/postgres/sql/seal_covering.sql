-- Called by the reader for proofs. Key of seal, forward.
SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = $1 AND size >= $2 ORDER BY size LIMIT 1
