-- Called by the reader for whoever runs the gateway. Index waiting_unplaced.
SELECT DISTINCT pos FROM waiting WHERE lane = $1 AND substr(code, 1, 1) <> '\x32'::bytea ORDER BY pos LIMIT $2
