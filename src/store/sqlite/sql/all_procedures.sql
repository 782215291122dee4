-- Called when the directory is read. Whole table, in the order of its key.
SELECT name, title, level, pickup, returned, valid_from, valid_to, action, decision, days
FROM procedure_version ORDER BY name, valid_from
