-- Called by a backup on the copy, and when the copy's new epoch begins.
UPDATE meta SET copied = ?1, phase = 0, mark = 0 WHERE one = 1
