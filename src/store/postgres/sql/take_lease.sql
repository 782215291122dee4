-- Called by whoever follows a lane, until it is theirs. Held by the session, whatever it commits.
SELECT pg_try_advisory_lock($1)::integer::bigint
