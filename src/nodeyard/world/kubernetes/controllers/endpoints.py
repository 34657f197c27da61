"""The endpoint controllers: the addresses of the pods behind each service, in both forms that clients read.

Endpoints and EndpointSlices say the same; slices hold at most a hundred addresses each.
Source: Kubernetes, packages controller/endpoint and controller/endpointslice.
"""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.members import Members, Selector
from nodeyard.world.kubernetes.controllers.pods import is_finished, is_leaving, is_ready, owner_reference
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

ENDPOINTS = "endpoints"
SLICES = "endpointslices.discovery.k8s.io"
_SERVICE = "kubernetes.io/service-name"
_MANAGED = "endpointslice.kubernetes.io/managed-by"
_ZONE = "topology.kubernetes.io/zone"
_MOST = 100
_GATHER_S = 0.5


class Endpoints(Controller):
    """Keeps the addresses of services."""

    watches = frozenset({"services", "pods"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._members = Members(store, _selector)

    def changed(self, change: Change) -> None:
        if change.resource == "services":
            self._members.selecting(change)
            self.queue.add(place_of(change.object))
            return
        for place in self._members.pod(change):
            # Pods of a service change together: one look serves them all.
            self.queue.after(place, _GATHER_S)

    def reconcile(self, key: Place) -> None:
        service = self.store.get("services", *key)
        if service is None:
            if self.store.get(ENDPOINTS, *key) is not None:
                self.api.delete(ENDPOINTS, *key)
            return
        if is_leaving(service) or not _selector(service):
            return
        pods = [
            pod
            for pod in self._members.pods(key)
            if pod.get("status", {}).get("podIP") and not is_finished(pod)
        ]
        self._endpoints(service, [pod for pod in pods if not is_leaving(pod)])
        self._slices(service, pods)

    # --- the older form ---

    def _endpoints(self, service: Obj, pods: list[Obj]) -> None:
        open_to_all = bool(service["spec"].get("publishNotReadyAddresses"))
        by_ports: dict[tuple[tuple[str, int, str], ...], Obj] = {}
        for pod in pods:
            ports = _ports(service, pod)
            if not ports and service["spec"].get("ports"):
                continue
            subset = by_ports.setdefault(ports, {"addresses": [], "notReadyAddresses": []})
            group = "addresses" if open_to_all or is_ready(pod) else "notReadyAddresses"
            address = {"ip": pod["status"]["podIP"], "targetRef": _reference(pod)}
            if pod["spec"].get("nodeName"):
                address["nodeName"] = pod["spec"]["nodeName"]
            subset[group].append(address)
        subsets = []
        for ports, subset in sorted(by_ports.items()):
            shown: Obj = {name: items for name, items in subset.items() if items}
            shown["ports"] = [_port(*each) for each in ports]
            subsets.append(shown)
        place = place_of(service)
        old = self.store.get(ENDPOINTS, *place)
        if old is None:
            metadata = {"name": place[1], "labels": service["metadata"].get("labels") or {}}
            body = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets}
            self.api.create(ENDPOINTS, place[0], body)
        elif (old.get("subsets") or []) != subsets:
            self.store.put(ENDPOINTS, {**old, "subsets": subsets})

    # --- slices ---

    def _slices(self, service: Obj, pods: list[Obj]) -> None:
        wanted: list[tuple[list[Obj], list[Obj]]] = []
        by_ports: dict[tuple[tuple[str, int, str], ...], list[Obj]] = {}
        for pod in pods:
            by_ports.setdefault(_ports(service, pod), []).append(self._endpoint(service, pod))
        for ports, items in sorted(by_ports.items()):
            # Clients rely on a name in slices, be it empty.
            shown = [{"name": each[0], **_port(*each)} for each in ports]
            wanted += [(shown, items[start : start + _MOST]) for start in range(0, len(items), _MOST)]
        owned = self.store.owned_by(service["metadata"]["uid"])
        present = sorted((obj for kind, obj in owned if kind == SLICES), key=place_of)
        for number, (shown, items) in enumerate(wanted or [([], [])]):
            if number >= len(present):
                self._create(service, shown, items)
            elif present[number].get("ports") != shown or present[number].get("endpoints") != items:
                self.store.put(SLICES, {**present[number], "ports": shown, "endpoints": items})
        for spare in present[max(len(wanted), 1) :]:
            self.api.delete(SLICES, *place_of(spare))

    def _create(self, service: Obj, ports: list[Obj], items: list[Obj]) -> None:
        space, name = place_of(service)
        labels = {**(service["metadata"].get("labels") or {}), _SERVICE: name}
        labels[_MANAGED] = "endpointslice-controller.k8s.io"
        metadata = {"generateName": f"{name}-", "labels": labels}
        self.api.create(
            SLICES,
            space,
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {**metadata, "ownerReferences": [owner_reference(service)]},
                "addressType": "IPv4",
                "endpoints": items,
                "ports": ports,
            },
        )

    def _endpoint(self, service: Obj, pod: Obj) -> Obj:
        ready, leaving = is_ready(pod), is_leaving(pod)
        published = bool(service["spec"].get("publishNotReadyAddresses")) or (ready and not leaving)
        conditions = {"ready": published, "serving": ready, "terminating": leaving}
        item: Obj = {"addresses": [pod["status"]["podIP"]], "conditions": conditions}
        item["targetRef"] = _reference(pod)
        node = pod["spec"].get("nodeName")
        if node:
            item["nodeName"] = node
            home = self.store.get("nodes", None, node) or {}
            zone = (home.get("metadata", {}).get("labels") or {}).get(_ZONE)
            if zone:
                item["zone"] = zone
        return item


def _selector(service: Obj) -> Selector:
    labels = service["spec"].get("selector")
    return {"matchLabels": labels} if labels else None


def _ports(service: Obj, pod: Obj) -> tuple[tuple[str, int, str], ...]:
    """Return the ports of a service as a pod serves them: name, number, protocol."""
    found = []
    for port in service["spec"].get("ports") or ():
        target, protocol = port.get("targetPort", port["port"]), port.get("protocol", "TCP")
        if isinstance(target, str) and not target.isdecimal():
            named = _named(pod, target)
            if named is None:
                continue
            target = named
        found.append((str(port.get("name", "")), int(target), str(protocol)))
    return tuple(found)


def _named(pod: Obj, name: str) -> int | None:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == name:
                return int(port["containerPort"])
    return None


def _port(name: str, number: int, protocol: str) -> Obj:
    port: Obj = {"port": number, "protocol": protocol}
    return {"name": name, **port} if name else port


def _reference(pod: Obj) -> Obj:
    metadata = pod["metadata"]
    names = {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {"kind": "Pod", **names}
