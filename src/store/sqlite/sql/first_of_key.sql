-- Called by the writer for every line of a batch. Keys of event_key, entry and personal.
SELECT entry.pos, entry.record, personal.salt, personal.body
FROM event_key
JOIN entry ON entry.lane = event_key.lane AND entry.pos = event_key.pos
LEFT JOIN personal ON personal.lane = event_key.lane AND personal.pos = event_key.pos AND personal.erased = 0
WHERE event_key.lane = ?1 AND event_key.cid = ?2 AND event_key.source = ?3
