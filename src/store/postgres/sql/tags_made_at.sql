-- Called by the reader for the tie: the codes an event attached, with all their tags. Index tag_at, then key of tag.
SELECT tag.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
FROM (SELECT DISTINCT made.code FROM tag AS made WHERE made.lane = $1 AND made.at_pos = $2) AS new (code)
JOIN tag ON tag.lane = $1 AND tag.code = new.code
ORDER BY tag.code, tag.at_pos, tag.ref_kind, tag.ref, tag.by_lane, tag.by_pos
