-- Called by the administrator before a new epoch begins. All lanes, and nobody writes them until it has begun.
WITH ended AS (SELECT lane, epoch, pos FROM lane FOR UPDATE)
INSERT INTO epoch (lane, epoch, upto) SELECT lane, epoch, pos FROM ended
