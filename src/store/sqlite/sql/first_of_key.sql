-- Called by the writer for every line of a batch. Keys of event_key, entry and personal.
SELECT event_key.pos, entry.record, personal.salt, personal.body
FROM event_key
JOIN entry ON entry.at = (?1 << 48) | event_key.pos
LEFT JOIN personal ON personal.at = entry.at AND personal.erased = 0
WHERE event_key.lane = ?1 AND event_key.cid = ?2 AND event_key.source = ?3
