-- Called by writer and reader, for one leg or those of a batch. Key of leg.
SELECT leg.leg, leg.body
FROM unnest($2::bigint[]) AS asked (leg)
JOIN leg ON leg.lane = $1 AND leg.leg = asked.leg
