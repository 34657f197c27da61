"""Reconcile keys: the one place that spells them. One key is worked on by one worker at a time."""

from __future__ import annotations

from nodeyard.model.scope import Scope


def of_cluster(scope: Scope, cluster: str) -> str:
    return f"cluster/{scope.account}/{scope.region}/{cluster}"


def of_nodegroup(scope: Scope, cluster: str, nodegroup: str) -> str:
    return f"nodegroup/{scope.account}/{scope.region}/{cluster}/{nodegroup}"


def of_insights(scope: Scope, cluster: str) -> str:
    return f"insights/{scope.account}/{scope.region}/{cluster}"


def of_rehearsal(scope: Scope, cluster: str, nodegroup: str, update: str) -> str:
    return f"rehearsal/{scope.account}/{scope.region}/{cluster}/{nodegroup}/{update}"


_NAMES = {"cluster": 1, "nodegroup": 2, "insights": 1, "rehearsal": 3}
"""Kind of key -> how many names it has."""


def parse(key: str) -> tuple[str, Scope, tuple[str, ...]]:
    """Return (kind, scope, names) of a key. Raises ValueError for a key of another shape."""
    kind, account, region, *names = key.split("/")
    if _NAMES.get(kind) != len(names):
        raise ValueError(f"{key!r} is not a reconcile key")
    return kind, Scope(account, region), tuple(names)
