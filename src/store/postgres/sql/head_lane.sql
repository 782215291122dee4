-- Called by the writer's begin and the reader's head. Key of lane; meta is one row.
SELECT lane.epoch, lane.pos, lane.version, lane.sealed_at, lane.frontier, lane.told, meta.directory_version
FROM lane, meta
WHERE lane.lane = $1 AND meta.one = 1
