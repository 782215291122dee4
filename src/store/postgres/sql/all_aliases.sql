-- Called when the directory is read. Whole table, in the order of its key.
SELECT code, valid_from, agency, valid_to FROM alias ORDER BY code, valid_from
