-- Called by the writer. The same attachment said twice is one.
INSERT INTO tag (lane, code, at_pos, ref_kind, ref, by_lane, by_pos) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO NOTHING
