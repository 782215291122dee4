-- Called by the reader. Key of follower.
SELECT pos FROM follower WHERE lane = $1 AND name = $2
