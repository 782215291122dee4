-- Called when the directory is read, and when a store is restored. Whole table.
SELECT lane FROM lane ORDER BY lane
