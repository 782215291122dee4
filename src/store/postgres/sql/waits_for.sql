-- Called by the reader for the tie. Index waiting_pos.
SELECT code FROM waiting WHERE lane = $1 AND pos = $2 ORDER BY code
