-- Called when a copy begins or goes on: one at a time.
SELECT pg_try_advisory_lock(7305802)::integer::bigint
