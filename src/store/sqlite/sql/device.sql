-- Called by writer and reader. Key of device.
SELECT body FROM device WHERE lane = ?1 AND source = ?2
