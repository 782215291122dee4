-- Called when a store is made.
INSERT INTO meta (one, database, clock, copied, directory_version, next_source) VALUES (1, $1, NULL, 0, 0, 1)
