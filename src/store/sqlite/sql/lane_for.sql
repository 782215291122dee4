-- Called for a new party or source: the lane of the party it is under, or else the newest. Key of party's name.
SELECT coalesce((SELECT lane FROM party WHERE name = ?1), (SELECT max(lane) FROM lane))
