-- Called by the reader for the tie: what waits itself, and what made a code known that something waits for. Indexes
-- waiting_pos and tag_at, forward, and key of waiting in every lane: what waits elsewhere may be meant, too.
SELECT pos FROM (
  SELECT waiting.pos FROM waiting WHERE waiting.lane = $1 AND waiting.pos > $2 AND waiting.pos <= $3
  UNION
  SELECT tag.at_pos
  FROM tag CROSS JOIN lane JOIN waiting ON waiting.lane = lane.lane AND waiting.code = tag.code
  WHERE tag.lane = $1 AND tag.at_pos > $2 AND tag.at_pos <= $3
) AS work (pos)
ORDER BY pos
LIMIT $4
