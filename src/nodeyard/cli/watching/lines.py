"""Changes as sentences, for terminals that are none: one line each, no colours, nothing repeated. Pure."""

from __future__ import annotations

from typing import Any

from nodeyard.cli.printing import span

Obj = dict[str, Any]

TOLD_ELSEWHERE = frozenset(
    {
        "EvictionBlocked",
        "NodeLane",
        "UpdatePhase",
        "UpdateInProgress",
        "UpdateSuccessful",
        "UpdateFailed",
        "UpdateCancelled",
    }
)
"""Kinds of events that other lines tell already."""


def sentence(change: Obj) -> str | None:
    """Return the line for a change, None when another line tells it already."""
    return _SENTENCES[change["type"]](change)


def _update(change: Obj) -> str:
    phase = f", phase {change['phase']}" if "phase" in change else ""
    nodes = (
        f", {change['nodesDone']} of {change['nodesTotal']} nodes done" if change.get("nodesTotal") else ""
    )
    cancelling = ", cancellation was asked for" if change.get("cancelRequested") else ""
    return f"update {change['update']}: {change['status']}{phase}{nodes}{cancelling}"


def _node(change: Obj) -> str:
    name = change.get("nodeName") or change["instanceId"]
    because = change["because"] if change["lane"] != "BLOCKED" else "somebody holds its pods"
    return f"node {name} ({change['zone']}): {change['lane'].lower()}, {because}"


def _blocker(change: Obj) -> str:
    if change["state"] == "GONE":
        by = f" by {change['budget']}" if "budget" in change else ""
        return f"unblocked: pod {change['pod']} is not held any more{by}"
    return f"blocked: {change['sentence']}. Help: {change['help']}. {left(change)}"


def left(blocker: Obj) -> str:
    """Return how long a drain still tries, and what happens then."""
    return f"{span(blocker.get('secondsLeft'))} left" + _THEN.get(blocker.get("then", ""), "")


_THEN = {
    "UPDATE_FAILS": ", then the update fails",
    "PODS_DELETED": ", then the pod is deleted",
    "INSTANCE_TERMINATES": ", then the instance goes anyway",
}


def _event(change: Obj) -> str | None:
    return None if change["kind"] in TOLD_ELSEWHERE else f"{change['kind']}: {change['message']}"


def _connection(change: Obj) -> str:
    return str(change["message"])


def _end(change: Obj) -> str:
    why = "; ".join(f"{each['errorCode']}: {each['errorMessage']}" for each in change["errors"])
    return f"{change['status']} after {span(change['elapsedSeconds'])}" + (f": {why}" if why else "")


_SENTENCES = {
    "update": _update,
    "node": _node,
    "blocker": _blocker,
    "event": _event,
    "connection": _connection,
    "end": _end,
}
