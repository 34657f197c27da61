"""What a drain of the group does not spare, as it stands in the snapshot: no clock, no run. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from nodeyard.rehearse.answer import Note
from nodeyard.rehearse.belonging import controller_of
from nodeyard.rehearse.group import Group
from nodeyard.rehearse.learned import Root
from nodeyard.rehearse.snapshot import Snapshot

Obj = dict[str, Any]

_REPLICATED = ("Deployment", "ReplicaSet", "StatefulSet")
MIRROR = "kubernetes.io/config.mirror"


def notes(snapshot: Snapshot, group: Group, roots: dict[str, Root]) -> tuple[Note, ...]:
    """Return one note for each workload and fault, in the order of their codes and names."""
    live = [each for each in snapshot.of("pods") if each["status"].get("phase") in ("Running", "Pending")]
    counts = Counter(roots[each["metadata"]["uid"]] for each in live)
    volumes = _Volumes(snapshot, group)
    found: dict[tuple[str, str], Note] = {}
    for pod in live:
        if pod["spec"].get("nodeName") not in group.names or _stays(pod):
            continue
        root = roots[pod["metadata"]["uid"]]
        for note in (*_of_pod(pod, root, counts[root]), *volumes.notes(pod)):
            found.setdefault((note.code, note.name), note)
    return tuple(found[key] for key in sorted(found))


def _stays(pod: Obj) -> bool:
    """Tell whether a drain leaves a pod alone."""
    owner = controller_of(pod)
    daemon = owner is not None and owner["kind"] in ("DaemonSet", "Node")
    return daemon or MIRROR in (pod["metadata"].get("annotations") or {})


def _of_pod(pod: Obj, root: Root, replicas: int) -> Iterator[Note]:
    name = f"{root[1]}/{root[2]}"
    own = f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"
    if root[0] in _REPLICATED and replicas == 1:
        text = f"{root[0]} {name} has one replica: it is down from its eviction until the next is Ready"
        yield Note("SINGLE_REPLICA", name, text, root[0])
    alone = controller_of(pod) is None
    if alone:
        yield Note("UNMANAGED", own, f"pod {own} has no controller: nothing starts it again")
    if any("emptyDir" in each for each in pod["spec"].get("volumes") or ()):
        one = f"pod {own} loses the data in its emptyDir volumes"
        text = one if alone else f"pods of {name} lose the data in their emptyDir volumes"
        yield Note("LOCAL_STORAGE", name, text, root[0])
    for each in pod["spec"].get("tolerations") or ():
        everything = each.get("operator") == "Exists" and not each.get("key")
        # What has no controller is not started again, and so on no node that drains either.
        if everything and not alone and each.get("effect") in (None, "", "NoSchedule"):
            text = (
                f"pods of {name} tolerate every taint: their controller may start them on a node that drains"
            )
            yield Note("TOLERATES_EVERYTHING", name, text, root[0])


class _Volumes:
    """Which pods hang on volumes of one zone."""

    def __init__(self, snapshot: Snapshot, group: Group) -> None:
        self._group = group
        self._zones = {each["metadata"]["name"]: _zones(each) for each in snapshot.of("persistentvolumes")}
        self._claims = {
            (each["metadata"].get("namespace", ""), each["metadata"]["name"]): each["spec"].get(
                "volumeName", ""
            )
            for each in snapshot.of("persistentvolumeclaims")
        }

    def notes(self, pod: Obj) -> Iterator[Note]:
        space = pod["metadata"].get("namespace", "")
        own = f"{space}/{pod['metadata']['name']}"
        for each in pod["spec"].get("volumes") or ():
            claim = (each.get("persistentVolumeClaim") or {}).get("claimName")
            zones = self._zones.get(self._claims.get((space, claim), ""), ()) if claim else ()
            if not zones:
                continue
            nodes = sum(self._group.zones.get(zone, 0) for zone in zones)
            word = "node" if nodes == 1 else "nodes"
            text = (
                f"pod {own} can only run in {', '.join(zones)}, where its volume is; "
                f"the group has {nodes} {word} there"
            )
            yield Note("ZONE_BOUND", own, text)


def _zones(volume: Obj) -> tuple[str, ...]:
    required = (volume["spec"].get("nodeAffinity") or {}).get("required") or {}
    found = {
        value
        for term in required.get("nodeSelectorTerms") or ()
        for each in term.get("matchExpressions") or ()
        if str(each.get("key", "")).endswith("/zone") and each.get("operator") == "In"
        for value in each.get("values") or ()
    }
    return tuple(sorted(found))
