-- Called when the directory is read. Whole table.
SELECT day, works, title FROM calendar_day
