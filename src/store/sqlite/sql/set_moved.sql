-- Called by a copy that is whole, while nobody else can write: the store lives on in the copy of this number.
UPDATE meta SET phase = 3, mark = ?1 WHERE one = 1 AND phase = 2
