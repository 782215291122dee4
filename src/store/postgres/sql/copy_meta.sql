-- Called by a copy at its end: what the file says the store is.
UPDATE meta SET clock = $1, copied = $2, directory_version = $3, next_source = $4 WHERE one = 1 AND phase = 4
