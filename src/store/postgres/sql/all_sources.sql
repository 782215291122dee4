-- Called when the directory is read. Whole table.
SELECT id, name, lane, party, agency, office, holder, retired_at, successor FROM source
