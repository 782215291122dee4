-- Called by the reader and by copies. One row.
SELECT database, clock, copied, phase FROM meta WHERE one = 1
