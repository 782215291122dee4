-- Called by writer and reader, for one source or those of a batch. Key of device.
-- OFFSET keeps the loop this way round: of tables that were never analysed the planner believes that they are small, and would
-- read the whole lane for every row that is asked for.
SELECT asked.source, found.body
FROM unnest($2::bigint[]) AS asked (source)
CROSS JOIN LATERAL (SELECT body FROM device WHERE device.lane = $1 AND device.source = asked.source OFFSET 0) AS found
