-- Called when a store is made.
INSERT INTO lane (lane, epoch, pos, version, sealed_at, frontier, told) VALUES ($1, $2, 0, 0, 0, $3, 0)
