"""Order, pick up, sync, pull, status, by reflection alone. Reads {"server", "keys", "names"}; prints what it was told."""

import json
import queue
import sys

from google.protobuf import json_format

from gateway import Gateway, Refused

given = json.load(sys.stdin)
names = given["names"]
department, post, centre, sibling = (
    Gateway(given["server"], given["keys"][who]) for who in ("department", "post", "centre", "sibling")
)
told = {}

# The department orders; the postman is told where to go.
order = {
    "request_id": "python-order-1",
    "agency": names["department"],
    "counter": names["centre"],
    "carrier": names["carrier"],
    "kind": "LEG_KIND_INBOUND",
    "procedure": names["procedure"],
    "item": {"value": names["item"]},
    "personal": given["personal"],
}
ordered = department.ask("trao.v1.LegService.OrderLeg", order)
leg = ordered["leg"]["name"]
told["ordered"] = ordered["leg"]
again = department.ask("trao.v1.LegService.OrderLeg", order)
told["ordered_again"] = again["recorded"]["record"] == ordered["recorded"]["record"]
told["personal_to_post"] = post.ask("trao.v1.LegService.GetLeg", {"name": leg})["personal"]

# The postman picks it up. Beside what the gateway knows stand a field and a reason that it does not.
Event, Capture = post.message("trao.v1.Event"), post.message("trao.v1.Capture")
event = json_format.ParseDict(
    {
        "type": "EVENT_TYPE_PICKED_UP",
        "code": {"value": names["item"]},
        "also": [{"kind": "CODE_KIND_SLIP", "value": "000123"}],
        "leg": leg,
        "occurred_at": given["now"],
        "zone_offset_s": 25200,
        "device_seq": 1,
    },
    Event(),
    descriptor_pool=post.pool,
)
event.reason = 999
# Field 1,007, a text.
later = "để sau".encode()
event.MergeFromString(bytes([0xFA, 0x3E, len(later)]) + later)
line = Capture(source=names["device"], client_event_id="python-1", event=event)
line.personal.note = given["note"]
line.personal.proof_sha256 = bytes(32)
capture, Request = post.method("trao.v1.CaptureService.CaptureEvent")
first = capture(Request(line=line), metadata=post.metadata, timeout=20).recorded
again = capture(Request(line=line), metadata=post.metadata, timeout=20).recorded
told["picked_up"] = post.json(first)
told["picked_up_again"] = {"same": first.record == again.record, "replayed": again.replayed}
told["sent_event"] = event.SerializeToString().hex()

# The office drains its outbox over one stream; one line of it is bad.
sync, Message = post.method("trao.v1.CaptureService.SyncEvents")
outbox = queue.Queue()
answers = sync(iter(outbox.get, None), metadata=post.metadata, timeout=20)
outbox.put(Message(hello={"source": names["device"], "last_device_seq": 4}))
told["welcome"] = post.json(next(answers).welcome)
types = {2: "OFFICE_IN", 3: "DISPATCHED", 4: "ARRIVED"}
for number, name in types.items():
    said = {
        "type": f"EVENT_TYPE_{name}",
        "code": {"value": names["item"] if number != 3 else names["wrong_item"]},
        "office": f"{names['carrier']}/offices/99010{number}",
        "occurred_at": given["now"],
        "device_seq": number,
    }
    line = {"source": names["device"], "client_event_id": f"python-{number}", "event": said}
    outbox.put(json_format.ParseDict({"line": line}, Message(), descriptor_pool=post.pool))
outbox.put(None)
told["acks"] = {ack.ack.client_event_id: post.json(ack.ack.result) for ack in answers}

# The counter accepts: hands change.
said = {"type": "EVENT_TYPE_ACCEPTED", "code": {"value": names["item"]}, "occurred_at": given["now"]}
line = {"source": names["reader"], "client_event_id": "python-counter-1", "event": said}
told["accepted"] = centre.ask("trao.v1.CaptureService.CaptureEvent", {"line": line})["recorded"]["outcome"]

# The department reads its log, two lines a page.
pull, Pull = department.method("trao.v1.FeedService.PullEvents")
told["log"], cursor = [], None
while True:
    request = Pull(page_size=2) if cursor is None else Pull(page_size=2, cursor=cursor)
    page = pull(request, metadata=department.metadata, timeout=20)
    for entry in page.events:
        told["log"].append(department.json(entry) | {"event_bytes": entry.event.SerializeToString().hex()})
    cursor = page.next_cursor
    if page.caught_up:
        break

# And looks where it is, as do those whom it does not concern.
status = {"code": {"value": names["item"]}}
told["status"] = department.ask("trao.v1.DossierService.GetDossier", status)["dossier"]


def refusal(call):
    try:
        call()
    except Refused as refused:
        error = refused.__cause__
        details = department.details(error)
        return {"code": error.code().name, "sentence": refused.sentence, "details": details}
    raise AssertionError("it was not refused")


def captured(**other):
    line = {"source": names["reader"], "client_event_id": "python-counter-1", "event": said | other}
    return lambda: centre.ask("trao.v1.CaptureService.CaptureEvent", {"line": line})


wrong_key = Gateway(given["server"], "trao_0000000000_wrong")
no_key = Gateway(given["server"], language="en")
told["refused"] = {
    "wrong_key": refusal(lambda: wrong_key.ask("trao.v1.DossierService.GetDossier", status)),
    "no_key": refusal(lambda: no_key.ask("trao.v1.DossierService.GetDossier", status)),
    "not_theirs": refusal(lambda: sibling.ask("trao.v1.DossierService.GetDossier", status)),
    "no_code": refusal(captured(code={"value": "không phải mã"})),
    "other_content": refusal(captured(agency=names["department"])),
    "cancelled_too_late": refusal(
        lambda: department.ask("trao.v1.LegService.CancelLeg", {"request_id": "python-cancel-1", "name": leg})
    ),
}
json.dump(told, sys.stdout)
