-- Called by the administrator for a change of the lane's rows while it is copied from; the version that it then has. The
-- writer looks at the lane anew.
UPDATE lane SET version = version + 1 WHERE lane = ?1 RETURNING version
