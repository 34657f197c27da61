"""What is different between two looks at an update: values, each one line of `--json`. Pure.

The members are documented in the how-to *Watch an update*; they stay, others may be added.
"""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

_UPDATE = ("status", "phase", "nodesTotal", "nodesDone", "cancelRequested")
_NODE = ("instanceId", "nodeName", "zone", "lane", "because", "new", "since", "until", "podsLeft")
_BLOCKER = (
    "code",
    "pod",
    "nodeName",
    "budget",
    "sentence",
    "help",
    "refusal",
    "since",
    "until",
    "secondsLeft",
    "then",
    "tries",
    "needs",
    "healthy",
)
EXIT_CODES = {"Successful": 0, "Failed": 1, "Cancelled": 3}
"""Status of the update -> exit code of `nodeyard updates watch`."""


def between(before: Obj | None, after: Obj) -> list[Obj]:
    """Return what changed, in the order in which it is told; None: everything that is there is new."""
    if before is None:
        before = {"update": {}, "nodes": [], "blockers": []}
    return [*_update(before, after), *_nodes(before, after), *_blockers(before, after), *_end(before, after)]


def _named(after: Obj, kind: str, members: Obj) -> Obj:
    update = after["update"]
    return {"type": kind, "update": update["id"], **members}


def _update(before: Obj, after: Obj) -> list[Obj]:
    was, now = before["update"], after["update"]
    if all(was.get(name) == now.get(name) for name in _UPDATE):
        return []
    told = {name: now[name] for name in ("id", "clusterName", "nodegroupName", *_UPDATE) if name in now}
    told["elapsedSeconds"] = after.get("elapsedSeconds")
    told["remainingSeconds"] = after.get("remainingSeconds")
    return [_named(after, "update", told)]


def _nodes(before: Obj, after: Obj) -> list[Obj]:
    if after.get("nodesUnseenBecause") or "finishedAt" in after["update"]:
        return []
    was = {node["instanceId"]: node for node in before["nodes"]}
    now = {node["instanceId"]: node for node in after["nodes"]}
    moved = [node for id, node in now.items() if id not in was or was[id]["lane"] != node["lane"]]
    told = [
        _named(after, "node", {name: node[name] for name in _NODE if name in node})
        for node in sorted(moved, key=lambda each: str(each["instanceId"]))
    ]
    for id in sorted(was.keys() - now.keys()):
        kept = {name: was[id][name] for name in ("instanceId", "nodeName", "zone", "new") if name in was[id]}
        told.append(_named(after, "node", kept | {"lane": "GONE", "because": "the instance is gone"}))
    return told


def _blockers(before: Obj, after: Obj) -> list[Obj]:
    # By pod alone: why one is held changes with its replacements, and it is held all the time.
    was = {each["pod"]: each for each in before["blockers"]}
    now = {each["pod"]: each for each in after["blockers"]}
    told = []
    for key, each in now.items():
        if key not in was or was[key]["sentence"] != each["sentence"]:
            members = {name: each[name] for name in _BLOCKER if name in each}
            told.append(
                _named(after, "blocker", {"state": "NEW" if key not in was else "CHANGED", **members})
            )
    if _gave_up(after):
        return told  # nothing lets the pods go: they are not asked to go any more
    for key in was.keys() - now.keys():
        members = {name: was[key][name] for name in ("code", "pod", "nodeName", "budget") if name in was[key]}
        told.append(_named(after, "blocker", {"state": "GONE", **members}))
    return told


def _gave_up(after: Obj) -> bool:
    """Tell whether the update leaves the nodes as they are that it could not drain."""
    update = after["update"]
    return update["status"] in ("Failed", "Cancelled") or update.get("phase") in ("Retreat", "RollBack")


def _end(before: Obj, after: Obj) -> list[Obj]:
    status = after["update"]["status"]
    if status not in EXIT_CODES or before["update"].get("status") == status:
        return []
    members = {
        "status": status,
        "exitCode": EXIT_CODES[status],
        "elapsedSeconds": after.get("elapsedSeconds"),
        "errors": after["update"].get("errors", []),
    }
    return [_named(after, "end", members)]


def event(update_id: str, happened: Obj) -> Obj:
    """Return an event of the stream as a line."""
    return {"type": "event", "update": update_id, **happened}


def connection(update_id: str, *, alive: bool, message: str) -> Obj:
    """Return that the service does not answer, or answers again."""
    return {
        "type": "connection",
        "update": update_id,
        "state": "ALIVE" if alive else "LOST",
        "message": message,
    }
