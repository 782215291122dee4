-- Called by the writer once for every source a batch heard. Key of device.
INSERT INTO device (lane, source, body) VALUES (?1, ?2, ?3)
ON CONFLICT (lane, source) DO UPDATE SET body = excluded.body
