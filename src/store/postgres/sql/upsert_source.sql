-- Called for a new source, or one that is entered again: it keeps its number and lane.
INSERT INTO source (id, name, lane, party, agency, office, holder) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET
  party = excluded.party, agency = excluded.agency, office = excluded.office, holder = excluded.holder
