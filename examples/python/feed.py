"""Keeps the log of the key's party in a file, an event a line: each once, in order, however often this is killed.

    feed.py FILE CONSUMER [--follow]

CONSUMER is a name (a-z, 0-9, -) under which the gateway keeps how far this has come.
"""

import json
import os
import sys

from gateway import Gateway, Refused

if len(sys.argv) < 3:
    sys.exit(__doc__)
path, name, follow = sys.argv[1], sys.argv[2], "--follow" in sys.argv[3:]
gateway, service = Gateway.of_environment(), "trao.v1.FeedService."
with open(path, "ab+") as log:
    log.seek(0)
    # The last line may have been torn by a kill. The others say what is here, of each lane of the log.
    whole, length = {}, 0
    for line in log:
        if line.endswith(b"\n"):
            event, length = json.loads(line), length + len(line)
            whole[event.get("lane", 0)] = int(event["seq"])
    log.truncate(length)
    try:
        # The same request at every start: the first creates the consumer, later ones are told how it stands.
        asked = {"consumer_id": name, "request_id": "feed.py"}
        consumer = gateway.ask(service + "CreateConsumer", asked)["consumer"]
        while True:
            asked = {"consumer": consumer["name"], "page_size": 100, "wait": "20s" if follow else "0s"}
            page = gateway.ask(service + "PullEvents", asked, timeout=30)
            for event in page.get("events", []):
                lane, seq = event.get("lane", 0), int(event["seq"])
                if seq > whole.get(lane, 0) + 1:
                    sys.exit(f"{path} lacks what {name} has read: `trao consumers seek {name} --beginning`")
                # What was written before a kill and not committed comes again.
                if seq > whole.get(lane, 0):
                    log.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
                    whole[lane] = seq
            log.flush()
            os.fsync(log.fileno())
            # The work first, then the commit: from where it goes on, and to where. Asked again it is answered again.
            if page.get("events"):
                asked = {"name": consumer["name"], "cursor": page["next_cursor"], "etag": consumer["etag"]}
                consumer = gateway.ask(service + "CommitCursor", asked)["consumer"]
            if page.get("caught_up") and not follow:
                break
    except Refused as refused:
        sys.exit(str(refused))
