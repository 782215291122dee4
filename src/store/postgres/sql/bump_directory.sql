-- Called by whoever changed the directory, once for each commit. Changes no row when somebody else changed it since it was
-- read.
UPDATE meta SET directory_version = directory_version + 1 WHERE one = 1 AND directory_version = coalesce($1, directory_version)
