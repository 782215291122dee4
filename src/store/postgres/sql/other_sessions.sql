-- Called before an epoch begins: who of ours is connected to the same database, whoever it is.
SELECT count(*) FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND application_name = 'trao' AND pid <> pg_backend_pid()
