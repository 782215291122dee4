-- Called by writer and reader, for one source or those of a batch. Key of device.
SELECT device.source, device.body
FROM unnest($2::bigint[]) AS asked (source)
JOIN device ON device.lane = $1 AND device.source = asked.source
