-- Called by the reader for several reads of one moment.
BEGIN DEFERRED
