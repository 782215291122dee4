-- Called when nothing is to be kept.
ROLLBACK
