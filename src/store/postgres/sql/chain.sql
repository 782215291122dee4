-- Called by writer and reader: from an entry back along its chain, as far as a leg's birth. Key of entry.
WITH RECURSIVE chain AS (
  SELECT pos, record, event, prev FROM entry WHERE lane = $1 AND pos = $2 AND pos >= $3
  UNION ALL
  SELECT entry.pos, entry.record, entry.event, entry.prev
  FROM chain
  JOIN entry ON entry.lane = $1 AND entry.pos = chain.prev
  WHERE chain.pos > $3 AND chain.prev >= $3 AND chain.prev < chain.pos
)
SELECT pos, record, event, prev FROM chain
