-- Called when a store is opened: whether it is whole.
SELECT phase, mark, database FROM meta WHERE one = 1
