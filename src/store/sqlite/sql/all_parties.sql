-- Called when the directory is read. Whole table.
SELECT id, name, lane, kind, title, parent, valid_from, valid_to, level, successor, decision FROM party
