-- Called when a copy begins: rows are read in the order of their key, and never all of a lane's and then sorted.
SET enable_sort = off
