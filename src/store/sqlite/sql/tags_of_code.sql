-- Called by writer and reader. Key of tag.
SELECT code, at_pos, ref_kind, ref, by_lane, by_pos
FROM tag
WHERE lane = ?1 AND code = ?2
ORDER BY at_pos, ref_kind, ref, by_lane, by_pos
