-- Called by writer and reader, for one entry or those of a page. Key of entry.
SELECT entry.pos, entry.record, entry.event, entry.prev
FROM unnest($2::bigint[]) AS asked (pos)
JOIN entry ON entry.lane = $1 AND entry.pos = asked.pos
