-- Called for a person, also for one who is there.
INSERT INTO person (party, number) VALUES ($1, $2) ON CONFLICT (party, number) DO NOTHING
