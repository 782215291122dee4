-- Called for an office.
INSERT INTO office (carrier, code, title, province) VALUES ($1, $2, $3, $4)
ON CONFLICT (carrier, code) DO UPDATE SET title = excluded.title, province = excluded.province
