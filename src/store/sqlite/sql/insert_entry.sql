-- Called by the writer for every line. Appends to entry and its key.
INSERT INTO entry (lane, pos, source, prev, logs, record, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
