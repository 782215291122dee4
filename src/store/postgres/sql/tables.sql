-- Called when a store is opened or made: is it one of ours, or nobody's yet?
SELECT count(*) FILTER (WHERE tablename = 'migration'), count(*)
FROM pg_catalog.pg_tables
WHERE schemaname = current_schema()
