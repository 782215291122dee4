-- Called by a copy: what commits changed. Key of touched.
SELECT version, body FROM touched WHERE lane = ?1 AND version > ?2 ORDER BY version LIMIT ?3
