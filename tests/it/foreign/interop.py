"""gRPC's interoperability cases, as a client. Reads {"server"}; prints for each case what went wrong, or nothing."""

import json
import queue
import sys
import threading
import traceback

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "grpc.testing"
INT32, STRING, BYTES, MESSAGE = 5, 9, 12, 11
# name -> fields: (name, number, type, message, repeated)
MESSAGES = {
    "Empty": [],
    "Payload": [("body", 2, BYTES)],
    "EchoStatus": [("code", 1, INT32), ("message", 2, STRING)],
    "SimpleRequest": [
        ("response_size", 2, INT32),
        ("payload", 3, "Payload"),
        ("response_status", 7, "EchoStatus"),
    ],
    "SimpleResponse": [("payload", 1, "Payload")],
    "StreamingInputCallRequest": [("payload", 1, "Payload")],
    "StreamingInputCallResponse": [("aggregated_payload_size", 1, INT32)],
    "ResponseParameters": [("size", 1, INT32), ("interval_us", 2, INT32)],
    "StreamingOutputCallRequest": [
        ("response_parameters", 2, ["ResponseParameters"]),
        ("payload", 3, "Payload"),
        ("response_status", 7, "EchoStatus"),
    ],
    "StreamingOutputCallResponse": [("payload", 1, "Payload")],
}


def classes():
    file = descriptor_pb2.FileDescriptorProto(name="testing.proto", package=PACKAGE, syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            added = message.field.add(name=field, number=number, label=3 if isinstance(kind, list) else 1)
            if isinstance(kind, int):
                added.type = kind
            else:
                added.type = MESSAGE
                added.type_name = f".{PACKAGE}.{kind[0] if isinstance(kind, list) else kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {name: message_factory.GetMessageClass(find(f"{PACKAGE}.{name}")) for name in MESSAGES}


M = classes()
SERVER = json.load(sys.stdin)["server"]
CHANNEL = grpc.insecure_channel(SERVER, [("grpc.max_receive_message_length", 4 << 20)])
SOON = 20


def method(shape, name, answer, service="TestService"):
    call = getattr(CHANNEL, shape)
    return call(f"/{PACKAGE}.{service}/{name}", lambda m: m.SerializeToString(), M[answer].FromString)


EMPTY = method("unary_unary", "EmptyCall", "Empty")
UNARY = method("unary_unary", "UnaryCall", "SimpleResponse")
INPUT = method("stream_unary", "StreamingInputCall", "StreamingInputCallResponse")
OUTPUT = method("unary_stream", "StreamingOutputCall", "StreamingOutputCallResponse")
DUPLEX = method("stream_stream", "FullDuplexCall", "StreamingOutputCallResponse")


def zeros(size):
    return M["Payload"](body=bytes(size))


def outputs(sizes, payload=0, pause_us=0):
    parameters = [M["ResponseParameters"](size=size, interval_us=pause_us) for size in sizes]
    return M["StreamingOutputCallRequest"](response_parameters=parameters, payload=zeros(payload))


def is_equal(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"


def fails(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("it did not fail")


class Talk:
    """A stream whose next message is sent when the answer to the one before is there."""

    def __init__(self, **options):
        self.queue = queue.Queue()
        self.call = DUPLEX(iter(self.queue.get, None), timeout=SOON, **options)

    def say(self, message):
        self.queue.put(message)

    def end(self):
        self.queue.put(None)


def empty_unary():
    is_equal(EMPTY(M["Empty"](), timeout=SOON), M["Empty"]())


def large_unary():
    answer = UNARY(M["SimpleRequest"](response_size=314159, payload=zeros(271828)), timeout=SOON)
    is_equal(answer.payload.body, bytes(314159))


def client_streaming():
    messages = [M["StreamingInputCallRequest"](payload=zeros(size)) for size in (27182, 8, 1828, 45904)]
    is_equal(INPUT(iter(messages), timeout=SOON).aggregated_payload_size, 74922)


def server_streaming():
    sizes = [31415, 9, 2653, 58979]
    is_equal([len(answer.payload.body) for answer in OUTPUT(outputs(sizes), timeout=SOON)], sizes)


def ping_pong():
    talk = Talk()
    for asked, sent in ((31415, 27182), (9, 8), (2653, 1828), (58979, 45904)):
        talk.say(outputs([asked], sent))
        is_equal(len(next(talk.call).payload.body), asked)
    talk.end()
    is_equal(list(talk.call), [])


def empty_stream():
    is_equal(list(DUPLEX(iter([]), timeout=SOON)), [])


def cancel_after_begin():
    waits = threading.Event()
    call = INPUT.future(iter(lambda: waits.wait() and None, None), timeout=SOON)
    call.cancel()
    is_equal(call.code(), grpc.StatusCode.CANCELLED)
    waits.set()


def cancel_after_first_response():
    talk = Talk()
    talk.say(outputs([31415], 27182))
    is_equal(len(next(talk.call).payload.body), 31415)
    talk.call.cancel()
    is_equal(fails(lambda: next(talk.call)).code(), grpc.StatusCode.CANCELLED)
    talk.end()


def timeout_on_sleeping_server():
    waits = threading.Event()

    def sends_and_stays():
        yield outputs([], 27182)
        waits.wait()

    call = DUPLEX(sends_and_stays(), timeout=0.001)
    is_equal(fails(lambda: next(call)).code(), grpc.StatusCode.DEADLINE_EXCEEDED)
    waits.set()


def timeout_within_an_answer_that_sleeps():
    call = OUTPUT(outputs([9, 9], pause_us=500_000), timeout=0.8)
    is_equal(len(next(call).payload.body), 9)
    is_equal(fails(lambda: next(call)).code(), grpc.StatusCode.DEADLINE_EXCEEDED)


def initial_metadata():
    echoed = ("x-grpc-test-echo-initial", "test_initial_metadata_value")
    request = M["SimpleRequest"](response_size=314159, payload=zeros(271828))
    answer, call = UNARY.with_call(request, timeout=SOON, metadata=[echoed])
    is_equal(len(answer.payload.body), 314159)
    assert echoed in [tuple(pair) for pair in call.initial_metadata()], call.initial_metadata()


def sees(code, message, wanted_code):
    status = M["EchoStatus"](code=code, message=message)
    by_unary = fails(lambda: UNARY(M["SimpleRequest"](response_status=status), timeout=SOON))
    one = iter([M["StreamingOutputCallRequest"](response_status=status)])
    by_stream = fails(lambda: list(DUPLEX(one, timeout=SOON)))
    for error in (by_unary, by_stream):
        is_equal((error.code(), error.details()), (wanted_code, message))


def status_code_and_message():
    sees(2, "test status message", grpc.StatusCode.UNKNOWN)


def special_status_message():
    text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
    sees(2, text, grpc.StatusCode.UNKNOWN)


def unimplemented_method():
    call = method("unary_unary", "UnimplementedCall", "Empty")
    is_equal(fails(lambda: call(M["Empty"](), timeout=SOON)).code(), grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service():
    call = method("unary_unary", "UnimplementedCall", "Empty", "UnimplementedService")
    is_equal(fails(lambda: call(M["Empty"](), timeout=SOON)).code(), grpc.StatusCode.UNIMPLEMENTED)


# Beyond the standard: what the gateway's layers do, and what they leave alone.


def every_status_with_details_passes_untouched():
    details = bytes(range(256))
    for code in grpc.StatusCode:
        number = code.value[0]
        if number == 0:
            continue
        status = M["EchoStatus"](code=number, message=f"lỗi số {number}")
        request = M["SimpleRequest"](response_status=status)
        metadata = [("x-echo-details-bin", details)]
        error = fails(lambda: UNARY(request, timeout=SOON, metadata=metadata))
        is_equal((error.code(), error.details()), (code, status.message))
        is_equal(dict(error.trailing_metadata())["grpc-status-details-bin"], details)


def statuses_without_details_pass_but_for_those_that_the_library_makes():
    made_by_the_library = {3, 11, 13}
    for code in grpc.StatusCode:
        if code.value[0] not in made_by_the_library | {0}:
            sees_by_unary = M["EchoStatus"](code=code.value[0], message="as it is")
            error = fails(lambda: UNARY(M["SimpleRequest"](response_status=sees_by_unary), timeout=SOON))
            is_equal((error.code(), error.details()), (code, "as it is"))


def a_request_id_comes_back_with_answers_and_refusals():
    given = [("x-request-id", "of-the-caller-1")]
    _, call = EMPTY.with_call(M["Empty"](), timeout=SOON, metadata=given)
    is_equal(dict(call.initial_metadata())["x-request-id"], "of-the-caller-1")
    _, call = EMPTY.with_call(M["Empty"](), timeout=SOON)
    assert dict(call.initial_metadata())["x-request-id"], "one is made"
    status = M["EchoStatus"](code=5, message="not here")
    error = fails(lambda: UNARY(M["SimpleRequest"](response_status=status), timeout=SOON, metadata=given))
    both = dict(error.initial_metadata() or ()) | dict(error.trailing_metadata() or ())
    is_equal(both["x-request-id"], "of-the-caller-1")


def what_is_too_large_or_no_message_is_said_in_the_gateways_words():
    error = fails(lambda: UNARY(M["SimpleRequest"](payload=zeros(1 << 20)), timeout=SOON))
    is_equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
    assert b"MESSAGE_TOO_LARGE" in dict(error.trailing_metadata())["grpc-status-details-bin"]
    raw = CHANNEL.unary_unary(f"/{PACKAGE}.TestService/UnaryCall", bytes, bytes)
    error = fails(lambda: raw(b"\xff\xff\xff", timeout=SOON))
    is_equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
    assert b"MESSAGE_MALFORMED" in dict(error.trailing_metadata())["grpc-status-details-bin"]


CASES = [
    empty_unary,
    large_unary,
    client_streaming,
    server_streaming,
    ping_pong,
    empty_stream,
    cancel_after_begin,
    cancel_after_first_response,
    timeout_on_sleeping_server,
    timeout_within_an_answer_that_sleeps,
    initial_metadata,
    status_code_and_message,
    special_status_message,
    unimplemented_method,
    unimplemented_service,
    every_status_with_details_passes_untouched,
    statuses_without_details_pass_but_for_those_that_the_library_makes,
    a_request_id_comes_back_with_answers_and_refusals,
    what_is_too_large_or_no_message_is_said_in_the_gateways_words,
]

told = {}
for case in CASES:
    try:
        case()
        told[case.__name__] = ""
    except Exception:
        told[case.__name__] = traceback.format_exc()
json.dump(told, sys.stdout)
