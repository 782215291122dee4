-- Called when the directory is read. Whole table.
SELECT party, number FROM person
