-- Called by the reader for the tie. Key of waiting.
SELECT pos FROM waiting WHERE lane = $1 AND code = $2 ORDER BY pos
