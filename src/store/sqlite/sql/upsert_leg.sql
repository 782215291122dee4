-- Called by the writer once for every leg a batch touched. Key of leg, looked up once: nothing else hangs on a row.
INSERT OR REPLACE INTO leg (at, body) VALUES (?1, ?2)
