-- Called by the reader. Key of personal.
SELECT salt, key_id, body FROM personal WHERE lane = $1 AND pos = $2 AND erased = 0
