-- Called by the writer once for the lines of a batch. Keys of event_key, entry and personal.
-- OFFSET keeps the loop this way round: of tables that were never analysed the planner believes that they are small, and would
-- read the whole lane for every row that is asked for.
SELECT asked.cid, asked.source, key.pos, entry.record, personal.salt, personal.body
FROM unnest($2::bytea[], $3::bigint[]) AS asked (cid, source)
CROSS JOIN LATERAL (
  SELECT pos FROM event_key
  WHERE event_key.lane = $1 AND event_key.cid = asked.cid AND event_key.source = asked.source OFFSET 0) AS key
CROSS JOIN LATERAL (
  SELECT record FROM entry WHERE entry.lane = $1 AND entry.pos = key.pos OFFSET 0) AS entry
LEFT JOIN LATERAL (
  SELECT salt, body FROM personal
  WHERE personal.lane = $1 AND personal.pos = key.pos AND personal.erased = 0 OFFSET 0) AS personal ON true
