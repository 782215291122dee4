-- Called by the administrator. Key of personal. Zeros of the same length take the place of the row.
UPDATE personal SET erased = 1,
  salt = decode(repeat('00', length(salt)), 'hex'), body = decode(repeat('00', length(body)), 'hex')
WHERE lane = $1 AND pos = $2 AND erased = 0
