-- Called by writer and reader, for one leg or those of a batch. Key of leg.
-- OFFSET keeps the loop this way round: of tables that were never analysed the planner believes that they are small, and would
-- read the whole lane for every row that is asked for.
SELECT asked.leg, found.body
FROM unnest($2::bigint[]) AS asked (leg)
CROSS JOIN LATERAL (SELECT body FROM leg WHERE leg.lane = $1 AND leg.leg = asked.leg OFFSET 0) AS found
