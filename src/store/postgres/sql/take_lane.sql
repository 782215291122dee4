-- Called by the writer's begin where others write the lane too: nobody else commits to it until this one has. Key of lane.
SELECT lane.epoch, lane.pos, lane.version, lane.sealed_at, lane.frontier, lane.told, meta.directory_version
FROM lane, meta
WHERE lane.lane = $1 AND meta.one = 1
FOR UPDATE OF lane
