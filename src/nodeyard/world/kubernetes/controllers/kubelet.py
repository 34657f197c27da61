"""The kubelets: what becomes of a pod once it is on a node.

A pod waits for the network unless it uses the host's, creates its containers for a moment, runs, becomes
ready, and after a deletion stops. Annotations of a pod change that (units: simulated seconds):

- `nodeyard.dev/run-seconds`: how long its containers run when they are meant to end (jobs); 5 unless given.
- `nodeyard.dev/exit-code`: how they end; anything but 0 fails the pod.
- `nodeyard.dev/ready-seconds`: how long readiness takes after the start; `never` leaves it unready.
- `nodeyard.dev/stop-seconds`: how long it takes to stop after a deletion; `never` ignores the signal until
  the grace period ends.

A time may be a range such as `5..20`: each pod draws its own.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, place_of
from nodeyard.world.kubernetes.controllers.job_counts import restarts
from nodeyard.world.kubernetes.controllers.kubelets import LEASES, runs_pods
from nodeyard.world.kubernetes.controllers.node_status import network_ready
from nodeyard.world.kubernetes.controllers.pods import (
    is_leaving,
    is_ready,
    is_true,
    with_condition,
)
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
Key = tuple[str, str, str]

_ANNOTATION = "nodeyard.dev/"
_START_SECONDS = 1.0
_START_JITTER = 1.5
_STOP_SECONDS = 2.0
_RUN_SECONDS = 5.0
_THAT_END = ("Never", "OnFailure")


def _setting(pod: Obj, name: str, default: float, share: float = 0.5) -> float | None:
    """Return an annotation as a number, None for `never`; `share` is how far into a range it lies."""
    text = (pod["metadata"].get("annotations") or {}).get(_ANNOTATION + name)
    if text is None or text == "never":
        return default if text is None else None
    least, _, most = text.partition("..")
    try:
        low = max(0.0, float(least))
        return low + (max(low, float(most)) - low) * share if most else low
    except ValueError:
        return default


def _chance(text: str) -> float:
    return zlib.crc32(text.encode()) % 10_000 / 10_000


class Kubelet(Controller):
    """Runs the pods of every simulated node."""

    watches = frozenset({"pods", "nodes", LEASES})
    has_network = staticmethod(network_ready)

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._due: dict[str, dict[str, datetime]] = {}
        self._salt = ""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "pods":
            if change.type == "DELETED":
                self._due.pop(obj["metadata"]["uid"], None)
            elif obj["spec"].get("nodeName") and not _is_settled(obj):
                self.queue.add((*place_of(obj), obj["metadata"]["uid"]))
        elif change.type != "DELETED" and _freed(change):
            for pod in self.store.pods_on(obj["metadata"]["name"]):
                self.queue.add((*place_of(pod), pod["metadata"]["uid"]))

    def reconcile(self, key: Key) -> None:
        namespace, name, uid = key
        pod = self.store.get("pods", namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid or not pod["spec"].get("nodeName"):
            return
        node = self.store.get("nodes", None, pod["spec"]["nodeName"])
        if node is None or not runs_pods(self.store, node["metadata"]["name"]):
            return
        phase = pod["status"].get("phase")
        if is_leaving(pod):
            self._stop(key, pod)
        elif phase == "Pending" and (pod["spec"].get("hostNetwork") or self.has_network(self.store, node)):
            self._begin(key, pod, node)
        elif phase == "Running":
            self._run(key, pod)

    def _share(self, pod: Obj, step: str) -> float:
        """Return where in a range a pod lies: chance, but the same at every look.

        Pods that say whom they are alike lie within a tenth of each other, each time elsewhere.
        """
        own = _chance(f"{pod['metadata']['uid']} {step}")
        alike = (pod["metadata"].get("annotations") or {}).get(_ANNOTATION + "alike")
        if alike is None:
            return own
        self._salt = self._salt or self.ids.hex(8)
        return 0.9 * _chance(f"{self._salt} {alike} {step}") + 0.1 * own

    def _passed(self, key: Key, step: str, seconds: float) -> bool:
        """Tell whether a step of a pod has taken its time; the first call starts it."""
        waits = self._due.setdefault(key[2], {})
        due = waits.get(step)
        if due is None:
            due = waits[step] = self.clock.after(seconds)
        if due > self.clock.now():
            self.queue.at(key, due)
            return False
        return True

    def _stop(self, key: Key, pod: Obj) -> None:
        grace = int(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        wanted = _setting(pod, "stop-seconds", _STOP_SECONDS, self._share(pod, "stop"))
        wait = float(grace) if wanted is None else min(float(grace), wanted)
        if self._passed(key, f"stop {grace}", wait):
            self.api.pod_gone(*key)

    def _begin(self, key: Key, pod: Obj, node: Obj) -> None:
        if not pod["status"].get("containerStatuses"):
            status = {**pod["status"], **_addresses(pod, node), "startTime": self.stamp()}
            conditions = list(pod["status"].get("conditions") or ())
            for kind, value in (
                ("PodReadyToStartContainers", "False"),
                ("Initialized", "True"),
                ("Ready", "False"),
                ("ContainersReady", "False"),
            ):
                conditions = with_condition(conditions, _pod_condition(pod, kind, value), self.stamp())
            status["conditions"] = conditions
            waiting = {"waiting": {"reason": "ContainerCreating"}}
            status["containerStatuses"] = [_container(each, waiting, False) for each in _containers(pod)]
            self.store.put("pods", {**pod, "status": status})
        if not self._passed(key, "create", _START_SECONDS + _START_JITTER * self.ids.random()):
            return
        pod = self.api.get("pods", key[0], key[1])
        ready = _setting(pod, "ready-seconds", 0.0) == 0.0
        status = {**pod["status"], **_pod_ips(pod, node), "phase": "Running"}
        running = {"running": {"startedAt": self.stamp()}}
        status["containerStatuses"] = [_container(each, running, ready) for each in _containers(pod)]
        status["conditions"] = self._ready_conditions(pod, ready)
        self.store.put("pods", {**pod, "status": status})

    def _ready_conditions(self, pod: Obj, ready: bool) -> list[Obj]:
        conditions = list(pod["status"].get("conditions") or ())
        value = "True" if ready else "False"
        for kind, now in (
            ("PodReadyToStartContainers", "True"),
            ("Initialized", "True"),
            ("Ready", value),
            ("ContainersReady", value),
        ):
            conditions = with_condition(conditions, _pod_condition(pod, kind, now), self.stamp())
        return conditions

    def _run(self, key: Key, pod: Obj) -> None:
        if pod["spec"].get("restartPolicy") in _THAT_END:
            wanted = _setting(pod, "run-seconds", _RUN_SECONDS, self._share(pod, "run"))
            # Each run of the containers takes its own time.
            turn = f"run {restarts([pod])}"
            if wanted is not None and self._passed(key, turn, wanted):
                self._end(key, pod)
                return
        if is_ready(pod):
            return
        wanted = _setting(pod, "ready-seconds", 0.0, self._share(pod, "ready"))
        if wanted is None or not self._passed(key, "ready", wanted):
            return
        states = [{**each, "ready": True} for each in pod["status"].get("containerStatuses") or ()]
        status = {**pod["status"], "containerStatuses": states}
        status["conditions"] = self._ready_conditions(pod, True)
        self.store.put("pods", {**pod, "status": status})

    def _end(self, key: Key, pod: Obj) -> None:
        code = int(_setting(pod, "exit-code", 0.0) or 0)
        good = code == 0
        if not good and pod["spec"]["restartPolicy"] == "OnFailure":
            self._again(key, pod, code)
            return
        states = []
        for each in pod["status"].get("containerStatuses") or ():
            started = (each.get("state", {}).get("running") or {}).get("startedAt", self.stamp())
            over = {"exitCode": code, "reason": "Completed" if good else "Error", "startedAt": started}
            over["finishedAt"] = self.stamp()
            states.append({**each, "ready": False, "started": False, "state": {"terminated": over}})
        status = {**pod["status"], "containerStatuses": states}
        status["phase"] = "Succeeded" if good else "Failed"
        conditions = list(pod["status"].get("conditions") or ())
        reason = "PodCompleted" if good else "PodFailed"
        for kind in ("Ready", "ContainersReady"):
            conditions = with_condition(
                conditions, {"type": kind, "status": "False", "reason": reason}, self.stamp()
            )
        status["conditions"] = conditions
        self.store.put("pods", {**pod, "status": status})

    def _again(self, key: Key, pod: Obj, code: int) -> None:
        """Start the containers of a pod once more after a failure, as restartPolicy OnFailure asks."""
        states = []
        for each in pod["status"].get("containerStatuses") or ():
            over = {"exitCode": code, "reason": "Error", "finishedAt": self.stamp()}
            running = {"running": {"startedAt": self.stamp()}}
            count = int(each.get("restartCount") or 0) + 1
            last = {"lastState": {"terminated": over}, "restartCount": count}
            states.append({**each, "state": running, **last})
        self.store.put("pods", {**pod, "status": {**pod["status"], "containerStatuses": states}})
        self.queue.add(key)


def _is_settled(pod: Obj) -> bool:
    """Tell whether a pod runs, is ready, and goes on so until somebody deletes it."""
    return (
        pod["status"].get("phase") == "Running"
        and pod["spec"].get("restartPolicy") not in _THAT_END
        and is_ready(pod)
        and not is_leaving(pod)
    )


def _freed(change: Change) -> bool:
    """Tell whether pods of a node may go on that could not before."""
    if change.previous is None:
        return True
    if change.resource == LEASES:
        was, now = (each["metadata"].get("annotations") for each in (change.previous, change.object))
        return bool(was != now)
    return is_true(change.previous, "Ready") != is_true(change.object, "Ready")


def _containers(pod: Obj) -> list[Obj]:
    found: list[Obj] = pod["spec"].get("containers") or []
    return found


def _pod_condition(pod: Obj, kind: str, value: str) -> Obj:
    item: Obj = {"type": kind, "status": value, "lastProbeTime": None}
    if value == "False" and kind in ("Ready", "ContainersReady"):
        names = " ".join(each["name"] for each in _containers(pod))
        item |= {"reason": "ContainersNotReady", "message": f"containers with unready status: [{names}]"}
    return item


def _container(spec: Obj, state: Obj, ready: bool) -> Obj:
    image = spec.get("image", "")
    shown: Obj = {"name": spec["name"], "image": image, "ready": ready, "restartCount": 0, "state": state}
    shown |= {"imageID": "", "lastState": {}, "started": "running" in state}
    if "running" in state:
        mark = zlib.crc32(image.encode())
        shown["imageID"] = f"{image.partition(':')[0]}@sha256:{mark:064x}"
        shown["containerID"] = f"containerd://{zlib.crc32((image + spec['name']).encode()):064x}"
    return shown


def _host_ip(node: Obj) -> str:
    for address in node.get("status", {}).get("addresses") or ():
        if address.get("type") == "InternalIP":
            return str(address["address"])
    return "127.0.0.1"


def _addresses(pod: Obj, node: Obj) -> Obj:
    host = _host_ip(node)
    found: Obj = {"hostIP": host, "hostIPs": [{"ip": host}]}
    return {**found, **_pod_ips(pod, node)} if pod["spec"].get("hostNetwork") else found


def _pod_ips(pod: Obj, node: Obj) -> Obj:
    """Return the address of a pod: the node's, or one of the node's network that its uid gives it."""
    host = _host_ip(node)
    if pod["spec"].get("hostNetwork"):
        return {"podIP": host, "podIPs": [{"ip": host}]}
    mark = zlib.crc32(pod["metadata"]["uid"].encode())
    first, second = host.split(".")[:2]
    address = f"{first}.{second}.{mark >> 8 & 255}.{4 + mark % 250}"
    return {"podIP": address, "podIPs": [{"ip": address}]}
