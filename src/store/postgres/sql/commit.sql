-- Called after a change of several statements. Durable when it returns.
COMMIT
