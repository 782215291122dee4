-- What waits for a code to become known, in order of age, so that the oldest is found at once however much waits. Scans of
-- bags (their code's key begins with 2) wait as long as contents may come, and are none of these.
CREATE INDEX waiting_unplaced ON waiting (lane, pos) WHERE substr(code, 1, 1) <> x'32';
