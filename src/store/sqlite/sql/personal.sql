-- Called by the reader. Key of personal.
SELECT salt, key_id, body FROM personal WHERE at = ?1 AND erased = 0
