-- Called by the reader, and first when the directory is read. One row.
SELECT directory_version, next_source FROM meta WHERE one = 1
