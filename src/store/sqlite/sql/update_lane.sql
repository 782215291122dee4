-- Called by the writer, last before COMMIT. Changes no row when somebody else wrote the lane since it was taken.
UPDATE lane SET pos = ?2, version = ?3, sealed_at = ?4, frontier = ?5, told = ?6
WHERE lane = ?1 AND version = ?3 - 1
