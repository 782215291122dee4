-- Called by the writer for every party of a batch, and by the reader. Key of log, from its end.
SELECT seq FROM log WHERE lane = ?1 AND party = ?2 ORDER BY seq DESC LIMIT 1
