-- Called by the writer's commit. Durable when it returns.
COMMIT
