-- Called when the directory is read. Whole table.
SELECT name, title, level, pickup, returned, valid_from FROM procedure
