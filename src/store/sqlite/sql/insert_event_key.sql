-- Called by the writer for every line. Refuses a key that is kept already.
INSERT INTO event_key (lane, cid, source, pos) VALUES (?1, ?2, ?3, ?4)
