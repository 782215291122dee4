-- Called by the writer once for the lines of a batch. Keys of event_key, entry and personal.
SELECT event_key.cid, event_key.source, event_key.pos, entry.record, personal.salt, personal.body
FROM unnest($2::bytea[], $3::bigint[]) AS asked (cid, source)
JOIN event_key ON event_key.lane = $1 AND event_key.cid = asked.cid AND event_key.source = asked.source
JOIN entry ON entry.lane = $1 AND entry.pos = event_key.pos
LEFT JOIN personal ON personal.lane = $1 AND personal.pos = event_key.pos AND personal.erased = 0
