-- Called when a copy begins or goes on: one at a time into one schema.
SELECT pg_try_advisory_lock(7305802, hashtext(current_schema()))::integer::bigint
