-- Called by writer and reader, for one code or those of a batch. Key of tag.
SELECT tag.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
FROM unnest($2::bytea[]) AS asked (code)
JOIN tag ON tag.lane = $1 AND tag.code = asked.code
ORDER BY tag.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
