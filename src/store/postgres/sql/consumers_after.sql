-- Called by reader and writer for a page of a party's consumers. Key of consumer.
SELECT body FROM consumer WHERE lane = $1 AND party = $2 AND name > $3 ORDER BY name LIMIT $4
