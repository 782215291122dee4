-- Called when a store is opened: is it one of ours?
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'
