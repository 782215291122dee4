-- Called by a copy: the ends of batches. Key of seal.
SELECT size FROM seal WHERE lane = ?1 AND size > ?2 ORDER BY size LIMIT ?3
