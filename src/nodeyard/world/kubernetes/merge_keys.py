"""How lists inside built-in objects are merged: by which key, or as sets of plain values.

Read by `patches`. The keys are those the Kubernetes types declare. Pure data.
"""

from __future__ import annotations

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")

# The last step of the path decides, except where the same word means different lists.
_BY_NAME: dict[str, str] = {
    **dict.fromkeys(_CONTAINERS, "name"),
    "volumes": "name",
    "env": "name",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "imagePullSecrets": "name",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
    "conditions": "type",
    "ownerReferences": "uid",
    "addresses": "type",
    "secrets": "name",
    "podIPs": "ip",
    "hostIPs": "ip",
    "webhooks": "name",
    "resourceClaims": "name",
    "drivers": "name",
    "schedulingGates": "name",
}

_SETS = frozenset({"finalizers", "podCIDRs"})

# Taints and tolerations have no merge key: a patch replaces the whole list.
_ATOMIC_PARENTS = frozenset({"nodeAffinity", "podAffinity", "podAntiAffinity"})


def merge_key(path: tuple[str, ...], kind: str) -> str | None:
    """Return the key that identifies the items of a list, None when the list is replaced whole."""
    if not path:
        return None
    last = path[-1]
    if last == "ports":
        return "port" if kind == "Service" else "containerPort"
    if any(step in _ATOMIC_PARENTS for step in path):
        return None
    if last == "secrets" and kind != "ServiceAccount":
        return None
    return _BY_NAME.get(last)


def is_set(path: tuple[str, ...]) -> bool:
    """Tell whether a list of plain values is merged as a set."""
    return bool(path) and path[-1] in _SETS
