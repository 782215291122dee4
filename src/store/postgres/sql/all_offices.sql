-- Called when the directory is read. Whole table.
SELECT carrier, code, title, province FROM office
