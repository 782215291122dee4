-- Called by whoever copies from the store, and by the writer when a mark has lapsed: the phase and for how many microseconds.
UPDATE meta SET phase = ?1, mark = CAST(unixepoch('subsec') * 1000000 AS INTEGER) + ?2 WHERE one = 1
