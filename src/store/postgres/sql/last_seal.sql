-- Called by the reader. Key of seal, from its end.
SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = $1 ORDER BY size DESC LIMIT 1
