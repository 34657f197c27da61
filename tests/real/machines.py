"""Machines of a test that join a real control plane: what a kubelet does about nodes and pods, no more.

Each running instance of an embedded world becomes a node, told by its own user data; pods bound to it run,
and pods that are deleted end. An instance that ends leaves its node behind, not Ready, as on a cluster
without a cloud controller.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
import urllib.error
import urllib.request
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.e2e.service import Service
from tests.plane import Plane

Obj = dict[str, Any]
LOOK_S = 0.2
LABELS = re.compile(r"--node-labels=([^\s']*)")
SERVER = re.compile(r"kubeadm join (\S+)")
STATUS = "application/merge-patch+json"


def asked(plane: Plane, method: str, path: str, body: Any = None, kind: str = "application/json") -> Obj:
    """Send one request as the administrator and return the answer. Raises: HTTPError."""
    request = urllib.request.Request(
        f"{plane.server}{path}",
        None if body is None else json.dumps(body).encode(),
        {"authorization": f"Bearer {plane.token}", "content-type": kind},
        method=method,
    )
    with urllib.request.urlopen(request, context=_trusting(plane.ca)) as answer:
        found: Obj = json.load(answer)
    return found


@lru_cache
def _trusting(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


class Machines:
    """Runs in a thread until `stop`."""

    def __init__(self, plane: Plane, world: Service) -> None:
        self._plane, self._world = plane, world
        self._stopped = threading.Event()
        self._user_data: dict[str, str] = {}
        self.broken: list[str] = []
        self._thread = threading.Thread(target=self._run, name="machines", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_S):
            try:
                running = self._running()
                for id, instance in running.items():
                    self._join(id, instance)
                for node in asked(self._plane, "GET", "/api/v1/nodes")["items"]:
                    if node["spec"]["providerID"].rpartition("/")[2] not in running:
                        self._say(node["metadata"]["name"], "Unknown")
                for pod in asked(self._plane, "GET", "/api/v1/pods")["items"]:
                    self._serve(pod, running)
            except Exception as error:
                self.broken.append(repr(error))

    def _running(self) -> Obj:
        found = self._world.client("ec2").describe_instances()["Reservations"]
        each = (one for reservation in found for one in reservation["Instances"])
        return {one["InstanceId"]: one for one in each if one["State"]["Name"] == "running"}

    def _join(self, id: str, instance: Obj) -> None:
        name = instance["PrivateDnsName"]
        if id not in self._user_data:
            answer = self._world.client("ec2").describe_instance_attribute(
                InstanceId=id, Attribute="userData"
            )
            self._user_data[id] = base64.b64decode(answer["UserData"]["Value"]).decode()
            told = self._user_data[id]
            where, labels = SERVER.search(told), LABELS.search(told)
            if where is None or where[1] != self._plane.server.removeprefix("https://"):
                self.broken.append(f"{id} was told to join elsewhere: {told}")
                return
            zone = instance["Placement"]["AvailabilityZone"]
            own = dict(each.split("=", 1) for each in (labels[1] if labels else "").split(",") if each)
            node = {
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name} | own},
                "spec": {"providerID": f"aws:///{zone}/{id}"},
            }
            self._quietly("POST", "/api/v1/nodes", node)
            sizes = {"cpu": "4", "memory": "8Gi", "pods": "20"}
            self._say(name, "True", capacity=sizes, allocatable=sizes)

    def _say(self, name: str, ready: str, **status: Obj) -> None:
        condition = {"type": "Ready", "status": ready, "reason": "Test", "message": ""}
        self._quietly(
            "PATCH", f"/api/v1/nodes/{name}/status", {"status": status | {"conditions": [condition]}}
        )

    def _serve(self, pod: Obj, running: Obj) -> None:
        names = {each["PrivateDnsName"] for each in running.values()}
        if pod["spec"].get("nodeName") not in names:
            return
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        if pod["metadata"].get("deletionTimestamp"):
            self._quietly("DELETE", path, {"gracePeriodSeconds": 0})
        elif pod["status"].get("phase") == "Pending":
            ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
            self._quietly("PATCH", f"{path}/status", {"status": {"phase": "Running", "conditions": ready}})

    def _quietly(self, method: str, path: str, body: Any) -> None:
        kind = STATUS if method == "PATCH" else "application/json"
        try:
            asked(self._plane, method, path, body, kind)
        except urllib.error.HTTPError as error:
            if error.code not in (404, 409):
                self.broken.append(f"{method} {path}: {error.code} {error.read().decode()}")
