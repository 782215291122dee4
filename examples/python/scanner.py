"""Sends what a scanner reads, a code a line, and says who holds each now.

    scanner.py SOURCE TYPE < codes        e.g. scanner.py carriers/p/devices/pda-1 picked-up
"""

import datetime
import sys
import uuid

from gateway import Gateway, Refused

if len(sys.argv) != 3:
    sys.exit(__doc__)
source, kind = sys.argv[1:]
gateway, refusals = Gateway.of_environment(), 0
for code in filter(None, map(str.strip, sys.stdin)):
    event = {
        "type": "EVENT_TYPE_" + kind.upper().replace("-", "_"),
        "code": {"value": code},
        "occurred_at": datetime.datetime.now(datetime.timezone.utc).isoformat(),
    }
    # The id is made once, before the first attempt: with it the scan counts once, however often it is sent.
    line = {"source": source, "client_event_id": str(uuid.uuid4()), "event": event}
    try:
        recorded = gateway.ask("trao.v1.CaptureService.CaptureEvent", {"line": line})["recorded"]
    except Refused as refused:
        refusals += 1
        print(code, refused.reason, refused.sentence, sep="\t", flush=True)
        continue
    # An answer repeated tells what the scan did then; beside it stands where the envelope is by now.
    later = [hint for hint in recorded.get("hints", []) if hint["kind"] == "HINT_KIND_LEG_NOW"]
    leg = later[0] if later else recorded.get("outcome", {})
    holder = leg.get("holder") or leg.get("holder_after") or {}
    who = holder.get("party") or holder.get("kind", "?").removeprefix("HOLDER_KIND_")
    flags = [anomaly["kind"].removeprefix("ANOMALY_KIND_") for anomaly in recorded.get("anomalies", [])]
    print(code, leg.get("state", "?").removeprefix("LEG_STATE_"), who, *flags, sep="\t", flush=True)
sys.exit(refusals > 0)
