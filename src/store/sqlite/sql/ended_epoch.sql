-- Called by the reader for a cursor of another epoch. Key of epoch.
SELECT upto FROM epoch WHERE lane = ?1 AND epoch = ?2
