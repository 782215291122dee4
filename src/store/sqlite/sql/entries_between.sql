-- Called when a store is proved. Key of entry.
SELECT pos, record, event FROM entry WHERE at > ?1 AND at <= ?2 ORDER BY at
