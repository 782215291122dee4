-- Called before a schema is made or changed: of gateways that start at once one does it, and the others find it done.
SELECT pg_advisory_xact_lock(7305801)
