-- Called by the writer for a command that was answered before. Keys of entry and personal.
SELECT entry.pos, entry.record, personal.salt, personal.body
FROM entry
LEFT JOIN personal ON personal.at = entry.at AND personal.erased = 0
WHERE entry.at = ?1
