-- Called by the administrator. Key of personal. Zeros of the same length are written over the row where it stands.
UPDATE personal SET erased = 1, salt = zeroblob(length(salt)), body = zeroblob(length(body))
WHERE at = ?1 AND erased = 0
