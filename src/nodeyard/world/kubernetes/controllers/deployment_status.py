"""The status of a Deployment, as `kubectl rollout status` reads it. Pure."""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.pods import with_condition

Obj = dict[str, Any]


def deployment_status(
    wanted: Obj, found: list[Obj], new: Obj | None, least: int, late: bool, now: str
) -> Obj:
    """Return the status that the replica sets give a deployment.

    `least` is how many replicas must be available, `late` whether the progress deadline has passed.
    """
    before = wanted.get("status") or {}
    replicas = int(wanted["spec"]["replicas"])
    total = _sum(found, "replicas")
    available = _sum(found, "availableReplicas")
    updated = _sum([new] if new else [], "replicas")
    status: Obj = {"observedGeneration": wanted["metadata"].get("generation", 1)}
    for name, count in (
        ("replicas", total),
        ("updatedReplicas", updated),
        ("readyReplicas", _sum(found, "readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", max(max(total, replicas) - available, 0)),
    ):
        if count:
            status[name] = count
    if "collisionCount" in before:
        status["collisionCount"] = before["collisionCount"]
    conditions = list(before.get("conditions") or ())
    word = ("True", "MinimumReplicasAvailable", "has") if available >= least else None
    value, reason, text = word or ("False", "MinimumReplicasUnavailable", "does not have")
    first = {"type": "Available", "status": value, "reason": reason, "lastUpdateTime": now}
    conditions = with_condition(
        conditions, {**first, "message": f"Deployment {text} minimum availability."}, now
    )
    complete = updated == replicas and total == replicas and available == replicas and new is not None
    moved = any(status.get(name) != before.get(name) for name in ("updatedReplicas", "availableReplicas"))
    moved = moved or status.get("replicas") != before.get("replicas")
    progress = _progress(wanted, new, complete, late and not moved, now)
    if not (complete and _finished(before)):
        old = next((each for each in conditions if each["type"] == "Progressing"), None)
        if moved and old is not None and old.get("reason") == progress["reason"]:
            conditions = [{**each} for each in conditions]
            for each in conditions:
                if each["type"] == "Progressing":
                    each["lastUpdateTime"] = now
        conditions = with_condition(conditions, progress, now)
    if wanted["spec"].get("paused"):
        paused = {"type": "Progressing", "status": "Unknown", "reason": "DeploymentPaused"}
        paused |= {"message": "Deployment is paused", "lastUpdateTime": now}
        conditions = with_condition(conditions, paused, now)
    status["conditions"] = sorted(conditions, key=lambda each: str(each["type"]))
    return status


def _sum(sets: list[Obj], name: str) -> int:
    return sum(int(each.get("status", {}).get(name, 0)) for each in sets)


def _finished(before: Obj) -> bool:
    same = before.get("updatedReplicas", 0) == before.get("replicas", 0) == before.get("availableReplicas", 0)
    return same and any(
        each["type"] == "Progressing" and each.get("reason") == "NewReplicaSetAvailable"
        for each in before.get("conditions") or ()
    )


def _progress(wanted: Obj, new: Obj | None, complete: bool, late: bool, now: str) -> Obj:
    name = new["metadata"]["name"] if new else wanted["metadata"]["name"]
    item: Obj = {"type": "Progressing", "status": "True", "lastUpdateTime": now}
    if complete:
        text = f'ReplicaSet "{name}" has successfully progressed.'
        return {**item, "reason": "NewReplicaSetAvailable", "message": text}
    if late:
        text = f'ReplicaSet "{name}" has timed out progressing.'
        return {**item, "status": "False", "reason": "ProgressDeadlineExceeded", "message": text}
    text = f'ReplicaSet "{name}" is progressing.'
    return {**item, "reason": "ReplicaSetUpdated", "message": text}
