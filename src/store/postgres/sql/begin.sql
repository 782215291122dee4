-- Called before a change of several statements.
BEGIN
