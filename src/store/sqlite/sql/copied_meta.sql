-- Called by a copy. One row.
SELECT database, clock, copied, directory_version, next_source FROM meta WHERE one = 1
