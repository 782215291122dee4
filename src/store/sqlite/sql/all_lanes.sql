-- Called when a store is proved. Whole table.
SELECT lane FROM lane ORDER BY lane
