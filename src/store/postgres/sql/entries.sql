-- Called by writer and reader, for one entry or those of a page. Key of entry.
-- OFFSET keeps the loop this way round: of tables that were never analysed the planner believes that they are small, and would
-- read the whole lane for every row that is asked for.
SELECT asked.pos, found.record, found.event, found.prev
FROM unnest($2::bigint[]) AS asked (pos)
CROSS JOIN LATERAL (SELECT record, event, prev FROM entry WHERE entry.lane = $1 AND entry.pos = asked.pos OFFSET 0) AS found
