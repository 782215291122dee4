-- Called by whoever changed the directory, once for each commit.
UPDATE meta SET directory_version = directory_version + 1 WHERE one = 1
