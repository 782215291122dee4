-- Called by the reader. One row.
SELECT directory_version FROM meta WHERE one = 1
