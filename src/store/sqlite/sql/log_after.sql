-- Called by the reader for feeds. Key of log, forward; key of entry.
SELECT log.seq, log.pos, entry.record, entry.event, entry.prev
FROM log
JOIN entry ON entry.lane = log.lane AND entry.pos = log.pos
WHERE log.lane = ?1 AND log.party = ?2 AND log.seq > ?3
ORDER BY log.seq
LIMIT ?4
