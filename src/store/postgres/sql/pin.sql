-- Called by writer and reader. Key of pin.
SELECT target_lane, target_pos FROM pin WHERE lane = $1 AND pos = $2
