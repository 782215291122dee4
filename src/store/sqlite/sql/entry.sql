-- Called by writer and reader, also for every step of a chain. Key of entry.
SELECT record, event, prev FROM entry WHERE at = ?1
