-- Called by reader and writer. Key of consumer.
SELECT body FROM consumer WHERE lane = $1 AND party = $2 AND name = $3
