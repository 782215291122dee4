-- Called when a store is proved. Key of seal.
SELECT size, committed_at, root, key_id, signature FROM seal WHERE lane = ?1 ORDER BY size
