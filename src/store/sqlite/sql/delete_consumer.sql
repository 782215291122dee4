-- Called by the writer. Key of consumer.
DELETE FROM consumer WHERE lane = ?1 AND party = ?2 AND name = ?3
