"""What grpcurl does, from reflection alone: list, describe, call by JSON.

Reads {"server", "version", and "list", "describe": SYMBOL or "call": SERVICE/METHOD with "request", "key", "timeout"}.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2

given = json.load(sys.stdin)
channel = grpc.insecure_channel(given["server"].removeprefix("http://"))
# Both versions have the same messages under another package.
reflect = channel.stream_stream(
    f"/grpc.reflection.{given.get('version', 'v1')}.ServerReflection/ServerReflectionInfo",
    reflection_pb2.ServerReflectionRequest.SerializeToString,
    reflection_pb2.ServerReflectionResponse.FromString,
)
pool = descriptor_pool.DescriptorPool()
files = {}


def asked(**question):
    return next(reflect(iter([reflection_pb2.ServerReflectionRequest(**question)]), timeout=20))


def add(answer):
    """Adds the files of an answer, each after what it imports."""
    for content in answer.file_descriptor_response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(content)
        if file.name in files:
            continue
        files[file.name] = file
        for name in file.dependency:
            if name not in files:
                add(asked(file_by_filename=name))
        pool.Add(file)
    return answer.file_descriptor_response.file_descriptor_proto


def find(symbol):
    if not add(asked(file_containing_symbol=symbol)):
        raise KeyError(symbol)


def listed():
    return sorted(service.name for service in asked(list_services="").list_services_response.service)


def described(symbol):
    """A method or a message as one would write it, and the comment that stands before it."""
    find(symbol)
    for file in files.values():
        for at, message in enumerate(file.message_type):
            if f"{file.package}.{message.name}" == symbol:
                fields = pool.FindMessageTypeByName(symbol).fields
                text = " ".join(f"{field.name} = {field.number};" for field in fields)
                return {"text": f"message {message.name} {{ {text} }}", "comment": comment(file, [4, at])}
        for at, service in enumerate(file.service):
            for method_at, method in enumerate(service.method):
                if f"{file.package}.{service.name}.{method.name}" == symbol:
                    sides = (method.client_streaming, method.input_type), (method.server_streaming, method.output_type)
                    takes, gives = [("stream " if streams else "") + name for streams, name in sides]
                    text = f"rpc {method.name}({takes}) returns ({gives});"
                    return {"text": text, "comment": comment(file, [6, at, 2, method_at])}
    raise KeyError(symbol)


def comment(file, path):
    at = [place for place in file.source_code_info.location if list(place.path) == path]
    return at[0].leading_comments.strip()


def called(name, request):
    service, _, method_name = name.rpartition("/")
    find(service)
    method = pool.FindServiceByName(service).FindMethodByName(method_name)
    message = json_format.ParseDict(request, message_factory.GetMessageClass(method.input_type)())
    answer = message_factory.GetMessageClass(method.output_type)
    call = channel.unary_unary(f"/{name}", lambda m: m.SerializeToString(), answer.FromString)
    key = [("authorization", f"Bearer {given['key']}")] if given.get("key") else []
    try:
        got = call(message, timeout=given.get("timeout", 20), metadata=key)
    except grpc.RpcError as error:
        return {"code": error.code().name, "message": error.details()}
    return json_format.MessageToDict(got, preserving_proto_field_name=True)


if "list" in given:
    print(json.dumps(listed()))
elif "describe" in given:
    print(json.dumps(described(given["describe"])))
else:
    print(json.dumps(called(given["call"], given.get("request", {}))))
