-- Called for an appointment, new or with another last day.
INSERT INTO appointment (party, person, role, place, valid_from, valid_to, acts_for, decision, substitute)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (party, person, role, place, valid_from) DO UPDATE SET
  valid_to = excluded.valid_to, acts_for = excluded.acts_for, decision = excluded.decision,
  substitute = excluded.substitute
