-- Called when the directory is read. Whole table.
SELECT lane FROM lane ORDER BY lane
