-- Called by the writer when nothing is to be kept.
ROLLBACK
