-- Called by the administrator before a new epoch begins. All lanes.
INSERT INTO epoch (lane, epoch, upto) SELECT lane, epoch, pos FROM lane
