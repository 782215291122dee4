-- Called for a version of a procedure.
INSERT INTO procedure_version (name, title, level, pickup, returned, valid_from, valid_to, action, decision, days)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (name, valid_from) DO UPDATE SET
  title = excluded.title, level = excluded.level, pickup = excluded.pickup, returned = excluded.returned,
  valid_to = excluded.valid_to, action = excluded.action, decision = excluded.decision, days = excluded.days
