-- Called by writer and reader, for one code or those of a batch. Key of tag.
-- OFFSET keeps the loop this way round: of tables that were never analysed the planner believes that they are small, and would
-- read the whole lane for every row that is asked for.
SELECT asked.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
FROM unnest($2::bytea[]) AS asked (code)
CROSS JOIN LATERAL (
  SELECT at_pos, ref_kind, ref, by_lane, by_pos FROM tag
  WHERE tag.lane = $1 AND tag.code = asked.code OFFSET 0) AS tag
ORDER BY asked.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
