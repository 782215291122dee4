"""Keeps the log of the key's party in a file, an event a line: each once, in order, however often this is killed.

    feed.py FILE [--follow]
"""

import json
import os
import pathlib
import sys

from gateway import Gateway, Refused

if len(sys.argv) < 2:
    sys.exit(__doc__)
path, follow = sys.argv[1], "--follow" in sys.argv[2:]
gateway, mark, draft = Gateway.of_environment(), pathlib.Path(f"{path}.cursor"), pathlib.Path(f"{path}.cursor.new")
done = json.loads(mark.read_text()) if mark.exists() else {"length": 0}
with open(path, "ab") as log:
    if log.tell() < done["length"]:
        sys.exit(f"{path} is shorter than {mark} says: remove both to read from the beginning")
    # What was written after the last mark comes again: the mark alone says how far this came.
    log.truncate(done["length"])
    while True:
        request = {"page_size": 100, "wait": "20s" if follow else "0s"}
        if "cursor" in done:
            request["cursor"] = done["cursor"]
        try:
            page = gateway.ask("trao.v1.FeedService.PullEvents", request, timeout=30)
        except Refused as refused:
            sys.exit(str(refused))
        for event in page.get("events", []):
            log.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())
        # The work first, then the mark, and both in one: a cursor, and how long the file was when it was true.
        done = {"cursor": page["next_cursor"], "length": os.fstat(log.fileno()).st_size}
        with open(draft, "w") as file:
            json.dump(done, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(mark)
        if page.get("caught_up") and not follow:
            break
