-- Called by the reader to find an entry's number in a log. Key of entry.
SELECT logs FROM entry WHERE lane = $1 AND pos = $2
