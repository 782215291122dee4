-- Called by the writer once for every log that a batch adds to. Appends to log_run, unless it does not go on where the
-- log ends.
INSERT INTO log_run (lane, party, seq, lines, pos, steps)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE ?3 = 1 + ifnull(
  (SELECT seq + lines - 1 FROM log_run WHERE lane = ?1 AND party = ?2 ORDER BY seq DESC LIMIT 1), 0)
