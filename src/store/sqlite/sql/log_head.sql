-- Called by the writer for every party of a batch, and by the reader. Key of log_run, from its end.
SELECT seq + lines - 1 FROM log_run WHERE lane = ?1 AND party = ?2 ORDER BY seq DESC LIMIT 1
