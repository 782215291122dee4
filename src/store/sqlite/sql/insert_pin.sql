-- Called by the writer. The first pin stays.
INSERT INTO pin (lane, pos, target_lane, target_pos) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING
