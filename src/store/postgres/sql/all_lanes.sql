-- Called when a store is restored. Whole table.
SELECT lane FROM lane ORDER BY lane
