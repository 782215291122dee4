-- Called by the writer for every log that lists a line. Refuses a number that is kept already.
INSERT INTO log (lane, party, seq, pos) VALUES (?1, ?2, ?3, ?4)
