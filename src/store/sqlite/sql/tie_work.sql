-- Called by the reader for the tie. Indexes waiting_pos and tag_at, forward.
SELECT pos FROM (
  SELECT * FROM (SELECT DISTINCT pos FROM waiting WHERE lane = ?1 AND pos > ?2 ORDER BY pos LIMIT ?3)
  UNION
  SELECT * FROM (SELECT DISTINCT at_pos FROM tag WHERE lane = ?1 AND at_pos > ?2 ORDER BY at_pos LIMIT ?3)
)
ORDER BY pos
LIMIT ?3
