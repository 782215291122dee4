-- Called for every new source: the short number it is known by.
UPDATE meta SET next_source = next_source + 1 WHERE one = 1 RETURNING next_source - 1
