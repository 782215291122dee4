-- Called by the reader for the tie: the codes an event attached, with all their tags. Index tag_at, then key of tag.
SELECT code, at_pos, ref_kind, ref, by_lane, by_pos
FROM tag
WHERE lane = ?1 AND code IN (SELECT code FROM tag WHERE lane = ?1 AND at_pos = ?2)
ORDER BY code, at_pos, ref_kind, ref, by_lane, by_pos
