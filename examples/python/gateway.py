"""A Trao gateway, spoken to with nothing but its address and a key: its messages come from its reflection."""

import os
import pathlib
import sys
import time

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

# The gateway, or the way to it, has no room or no answer just now. The same request is sent again: it counts once.
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED)


class Refused(Exception):
    """A call that repeating does not help: its reason, from the table in README, and a sentence for a person."""

    def __init__(self, reason, sentence):
        super().__init__(f"{reason}: {sentence}")
        self.reason, self.sentence = reason, sentence


class Gateway:
    def __init__(self, server, key=None, language="vi"):
        # Once the gateway is back, a line that waits should not wait for minutes more.
        options = [("grpc.max_reconnect_backoff_ms", 2000)]
        self.channel = grpc.insecure_channel(server.removeprefix("http://"), options)
        try:
            grpc.channel_ready_future(self.channel).result(timeout=10)
        except grpc.FutureTimeoutError:
            sys.exit(f"no gateway answers at {server}")
        reflection = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(reflection)
        # All now, while it answers: nothing must be asked about a gateway's errors when it is gone.
        for name in [*reflection.get_services(), "google.rpc.Status", "google.rpc.RetryInfo"]:
            self.pool.FindFileContainingSymbol(name)
        # Reflection and health want no key.
        self.metadata = [("accept-language", language)] + ([("authorization", f"Bearer {key}")] if key else [])

    @classmethod
    def of_environment(cls):
        """TRAO_SERVER and TRAO_TOKEN_FILE say which gateway and whose key, as they do to `trao` itself."""
        file = os.environ.get("TRAO_TOKEN_FILE") or sys.exit("TRAO_TOKEN_FILE must name the file that holds your key")
        return cls(os.environ.get("TRAO_SERVER", "http://127.0.0.1:50051"), pathlib.Path(file).read_text().strip())

    def message(self, name):
        """The class of a message, e.g. `trao.v1.Event`."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def method(self, name):
        """A method, e.g. `trao.v1.FeedService.PullEvents`, and the class of its requests."""
        found = self.pool.FindMethodByName(name)
        asked = message_factory.GetMessageClass(found.input_type)
        answered = message_factory.GetMessageClass(found.output_type)
        sides = ["stream" if streams else "unary" for streams in (found.client_streaming, found.server_streaming)]
        call = getattr(self.channel, "_".join(sides))
        path = f"/{found.containing_service.full_name}/{found.name}"
        return call(path, asked.SerializeToString, answered.FromString), asked

    def ask(self, name, request, timeout=10):
        """A unary call, in JSON's terms, repeated for as long as repeating helps."""
        method, asked = self.method(name)
        message = json_format.ParseDict(request, asked(), descriptor_pool=self.pool)
        while True:
            try:
                return self.json(method(message, timeout=timeout, metadata=self.metadata))
            except grpc.RpcError as error:
                if error.code() not in AGAIN:
                    raise self.refused(error) from error
                pause = self.retry_after(error)
                print(f"{error.code().name}: again in {pause} s", file=sys.stderr, flush=True)
                time.sleep(pause)

    def json(self, message):
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self.pool)

    def details(self, error):
        """What a refusal says of itself, by the names of its parts: ErrorInfo, RetryInfo, LocalizedMessage …"""
        trailers = dict(error.trailing_metadata() or ())
        status = self.message("google.rpc.Status").FromString(trailers.get("grpc-status-details-bin", b""))
        return {part["@type"].rpartition(".")[2]: part for part in self.json(status).get("details", [])}

    def refused(self, error):
        told = self.details(error)
        reason = told.get("ErrorInfo", {}).get("reason", error.code().name)
        return Refused(reason, told.get("LocalizedMessage", {}).get("message", error.details()))

    def retry_after(self, error):
        """Seconds until it makes sense to try again; one where nobody answered who could say so."""
        return float(self.details(error).get("RetryInfo", {}).get("retry_delay", "1s").rstrip("s"))
