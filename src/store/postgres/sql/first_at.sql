-- Called by the writer for a command that was answered before. Keys of entry and personal.
SELECT entry.pos, entry.record, personal.salt, personal.body
FROM entry
LEFT JOIN personal ON personal.lane = $1 AND personal.pos = $2 AND personal.erased = 0
WHERE entry.lane = $1 AND entry.pos = $2
