-- Called by the writer when a waiting event was placed. Index waiting_pos.
DELETE FROM waiting WHERE lane = ?1 AND pos = ?2
