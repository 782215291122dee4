-- Called by the writer's begin. Takes the file's one write lock.
BEGIN IMMEDIATE
