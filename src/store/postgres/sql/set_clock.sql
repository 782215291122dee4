-- Called by the administrator. The first choice stays.
UPDATE meta SET clock = $1 WHERE one = 1 AND coalesce(clock, $1) = $1
