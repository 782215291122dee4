"""Asks how a gateway is, as an orchestrator's probe does: no key. Reads {"server", "services", "unknown"} in one line.

Prints a JSON line for every answer, and ends when every watch has said that its service serves no more.
"""

import json
import queue
import sys
import threading

import grpc

from gateway import Gateway

given = json.loads(sys.stdin.readline())
gateway = Gateway(given["server"])
check, Request = gateway.method("grpc.health.v1.Health.Check")
watch, _ = gateway.method("grpc.health.v1.Health.Watch")
said = queue.Queue()


def asks(call, service):
    try:
        return gateway.json(call(Request(service=service), timeout=20))["status"]
    except grpc.RpcError as error:
        return error.code().name


def watches(service):
    last = "nothing"
    try:
        for answer in watch(Request(service=service), timeout=60):
            last = gateway.json(answer)["status"]
            said.put({"watch": service, "status": last})
            if last == "NOT_SERVING":
                return
    except grpc.RpcError as error:
        last = error.code().name
    said.put({"watch": service, "status": f"{last}, then the end"})


for service in given["services"] + given["unknown"]:
    print(json.dumps({"check": service, "status": asks(check, service)}), flush=True)
for service in given["unknown"]:
    first = asks(lambda request, timeout: next(watch(request, timeout=timeout)), service)
    print(json.dumps({"watch": service, "status": first}), flush=True)
for service in given["services"]:
    threading.Thread(target=watches, args=[service], daemon=True).start()
waiting = set(given["services"])
while waiting:
    message = said.get(timeout=60)
    print(json.dumps(message), flush=True)
    if message["status"] != "SERVING":
        waiting.discard(message["watch"])
