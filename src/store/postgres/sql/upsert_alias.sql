-- Called for an alias. A code has one meaning from a day on.
INSERT INTO alias (code, valid_from, agency, valid_to) VALUES ($1, $2, $3, $4)
ON CONFLICT (code, valid_from) DO UPDATE SET agency = excluded.agency, valid_to = excluded.valid_to
