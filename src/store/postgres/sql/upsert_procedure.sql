-- Called for a procedure.
INSERT INTO procedure (name, title, level, pickup, returned, valid_from) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET
  title = excluded.title, level = excluded.level, pickup = excluded.pickup,
  returned = excluded.returned, valid_from = excluded.valid_from
