-- Called by a copy at its end, to compare it with the file.
SELECT clock, copied, directory_version, next_source FROM meta WHERE one = 1
