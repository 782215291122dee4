-- Called when a copy begins and when it has ended.
DELETE FROM touched
