-- Called by the writer's begin, by administrators and copies: the phase, and for how many microseconds its mark still counts.
SELECT phase, mark - CAST(unixepoch('subsec') * 1000000 AS INTEGER), mark FROM meta WHERE one = 1
