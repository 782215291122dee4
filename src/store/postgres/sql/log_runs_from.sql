-- Called by the reader for feeds: the run that holds a number, and those after it. Key of log_run, back and forward.
SELECT seq, pos, steps FROM log_run
WHERE lane = $1 AND party = $2 AND seq >= coalesce(
  (SELECT seq FROM log_run WHERE lane = $1 AND party = $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1), $3)
ORDER BY seq
LIMIT $4
