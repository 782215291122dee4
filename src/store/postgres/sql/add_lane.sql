-- Called by the administrator: an empty lane behind the last, of the same epoch.
INSERT INTO lane (lane, epoch, pos, version, sealed_at, frontier, told)
SELECT lane + 1, epoch, 0, 0, 0, $1, 0 FROM lane ORDER BY lane DESC LIMIT 1
RETURNING lane
