-- Called by a copy for each lane of the file that the database has not.
INSERT INTO lane (lane, epoch, pos, version, sealed_at, frontier, told)
VALUES ($1, '\x00000000000000000000000000000000', 0, 0, 0, '\x', 0)
ON CONFLICT DO NOTHING
