"""What happened in a simulation, as lines of prose with the time in front: for stories and timelines.

Hears of everything at once: the events of the service, and nodes, instances and pods of the world.
Names that chance gives (instances, nodes, pods, ids) are told as `node-1`, `web-2`, `update-1`, in
the order in which they appear, so that a story reads well and stays the same when ids change.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from nodeyard.ports import Event
from nodeyard.simulation.simulation import CLUSTER, Simulation, is_ready
from nodeyard.world.aws.fleet import PENDING, SHUTTING_DOWN, TERMINATED, Machine
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened. `teller` is `service` or `world`; `at` is in simulated seconds."""

    at: float
    teller: str
    text: str


class Chronicle:
    """Listens from the moment it is made. `namespaces` are those whose pods are told of."""

    def __init__(
        self, simulation: Simulation, *, cluster: str = CLUSTER, namespaces: tuple[str, ...] = ("default",)
    ) -> None:
        self._simulation = simulation
        self._namespaces = namespaces
        self._names: dict[str, str] = {}
        self._count: Counter[str] = Counter()
        self.lines: list[Line] = []
        simulation.store.on_event(self._said)
        simulation.fleet.listen(self._machine)
        simulation.handle(cluster).store.listen(self._changed)

    def note(self, text: str) -> None:
        """Tell what the owner of the simulation does."""
        self._tell("owner", text)

    def text(self) -> str:
        """Return the story; a time is told once, the service's lines stand out to the left."""
        told, last = [], ""
        for line in self.lines:
            minutes, seconds = divmod(int(line.at), 60)
            at = f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
            mark = {"service": "", "world": "    ", "owner": "> "}[line.teller]
            told.append(f"{'' if at == last else at:8}{mark}{line.text}")
            last = at
        return "\n".join(told) + "\n"

    def _tell(self, teller: str, text: str) -> None:
        plain = _TOKEN.sub(lambda found: self._plain(found.group()), text)
        self.lines.append(Line(self._simulation.clock.elapsed(), teller, plain))

    def _plain(self, token: str) -> str:
        known = self._names.get(token)
        if known is not None:
            return known
        found = _UUID.search(token)
        if found is None:
            return token
        before = token[: found.start()].rstrip("-")
        return before or self._call(token, "update")

    def _call(self, name: str, kind: str) -> str:
        """Return the name for a thing in the story, given when it first appears."""
        if name not in self._names:
            self._count[kind] += 1
            self._names[name] = f"{kind}-{self._count[kind]}"
        return self._names[name]

    # --- tellers ---

    def _said(self, event: Event) -> None:
        if event.kind != "NodeLane":  # the world itself tells what becomes of its nodes
            self._tell("service", event.message)

    def _machine(self, machine: Machine) -> None:
        if machine.state == PENDING:
            called = self._call(machine.id, "node")
            self._names[machine.private_dns_name] = called
            version = machine.tags.get("aws:ec2launchtemplate:version", "?")
            spot = "a spot instance" if machine.lifecycle == "spot" else "an instance"
            self._tell(
                "world", f"{machine.id} is launched in {machine.zone}: {spot} of template version {version}"
            )
        elif machine.state == SHUTTING_DOWN:
            self._tell("world", f"{machine.id} shuts down")
        elif machine.state == TERMINATED:
            self._tell("world", f"{machine.id} is terminated")

    def _changed(self, change: Change) -> None:
        if change.resource == "nodes":
            self._node(change)
        elif change.resource == "pods":
            name = self._call(change.object["metadata"]["name"], _kind_of(change.object))
            if change.object["metadata"]["namespace"] in self._namespaces:
                self._pod(name, change)

    def _node(self, change: Change) -> None:
        node, before = change.object, change.previous
        name = node["metadata"]["name"]
        if change.type == "DELETED":
            self._tell("world", f"{name} leaves the cluster")
        elif before is None:
            self._tell("world", f"{name} joins the cluster")
        else:
            if is_ready(before) != is_ready(node):
                self._tell("world", f"{name} is {'Ready' if is_ready(node) else 'not Ready'}")
            if bool(before["spec"].get("unschedulable")) != bool(node["spec"].get("unschedulable")):
                cordoned = node["spec"].get("unschedulable")
                self._tell("world", f"{name} is {'cordoned' if cordoned else 'schedulable again'}")

    def _pod(self, name: str, change: Change) -> None:
        pod, before = change.object, change.previous
        meta = pod["metadata"]
        home = pod["spec"].get("nodeName") or "no node"
        if change.type == "DELETED":
            self._tell("world", f"pod {name} is gone from {home}")
        elif before is None:
            return
        elif meta.get("deletionTimestamp") and not before["metadata"].get("deletionTimestamp"):
            self._tell("world", f"pod {name} on {home} {_end(pod)}")
        elif is_ready(pod) and not is_ready(before):
            self._tell("world", f"pod {name} is Ready on {home}")
        elif _stuck(pod) and _stuck(pod) != _stuck(before):
            self._tell("world", f"pod {name} waits: {_stuck(pod)}")


def _kind_of(pod: Obj) -> str:
    labels = pod["metadata"].get("labels") or {}
    return str(labels.get("app") or labels.get("k8s-app") or "pod")


def _end(pod: Obj) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    evicted = any(each.get("reason") == "EvictionByEvictionAPI" for each in conditions)
    return "is evicted" if evicted else "is deleted"


def _stuck(pod: Obj) -> str:
    for each in (pod.get("status") or {}).get("conditions") or ():
        if each["type"] == "PodScheduled" and each["status"] == "False":
            return str(each.get("message") or each.get("reason"))
    return ""
