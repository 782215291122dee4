-- Called by the writer for the parties of a batch, and by the reader. Key of log_run, from its end, once for each.
SELECT asked.party, (
  SELECT seq + lines - 1 FROM log_run WHERE lane = $1 AND party = asked.party ORDER BY seq DESC LIMIT 1
)
FROM unnest($2::bigint[]) AS asked (party)
