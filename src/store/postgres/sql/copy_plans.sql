-- Called when a copy begins: rows are read in the order of their key, and never all of a lane's and then sorted.
SELECT set_config('enable_sort', 'off', false), set_config('enable_incremental_sort', 'off', false)
