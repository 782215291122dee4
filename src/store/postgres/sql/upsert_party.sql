-- Called for a new party, or one that is entered again: it keeps its number and lane.
INSERT INTO party (id, name, lane, kind, title, parent, valid_from, valid_to, level, successor, decision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (name) DO UPDATE SET
  kind = excluded.kind, title = excluded.title, parent = excluded.parent,
  valid_from = excluded.valid_from, valid_to = excluded.valid_to, level = excluded.level,
  successor = excluded.successor, decision = excluded.decision
