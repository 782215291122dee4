-- Called when a copy of a file begins: what the store is, and which copy.
INSERT INTO meta (one, database, clock, copied, directory_version, next_source, phase, mark)
VALUES (1, $1, NULL, 0, 0, 1, 4, $2)
