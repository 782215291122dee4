-- Called for a new source, or one that is entered again: it keeps its number and lane.
INSERT INTO source (id, name, lane, party, agency, office, holder, retired_at, successor)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (name) DO UPDATE SET
  party = excluded.party, agency = excluded.agency, office = excluded.office, holder = excluded.holder,
  retired_at = excluded.retired_at, successor = excluded.successor
