-- Called by the writer for every line. Appends to entry.
INSERT INTO entry (at, source, prev, logs, record, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
