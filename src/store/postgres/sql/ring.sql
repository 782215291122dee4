-- Called after commits, at most some times a second: a hint for other gateways, outside every commit.
SELECT pg_notify($1, $2)
