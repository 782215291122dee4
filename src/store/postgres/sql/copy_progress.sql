-- Called by a copy with each part of a lane's lines: they are copied up to there.
UPDATE lane SET pos = $2 WHERE lane = $1
