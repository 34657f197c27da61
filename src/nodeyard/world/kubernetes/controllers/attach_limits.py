"""How many volumes a node can have attached: what each CSI driver says of it in its CSINode object.

Asked by `claims` for pods that have claims. A node without such an object takes any number. Pure.
Source: Kubernetes, scheduler plugin NodeVolumeLimits.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

Obj = dict[str, Any]
Volume = tuple[str, str]
"""(driver, handle): pods that share a volume have it attached once."""

CSI_NODES = "csinodes.storage.k8s.io"
TOO_MANY_VOLUMES = "node(s) exceed max volume count"
_IN_TREE = "kubernetes.io/"


def limits_of(csi_node: Obj | None) -> dict[str, int]:
    """Return driver -> how many volumes it attaches to a node, for those that say so."""
    drivers = ((csi_node or {}).get("spec") or {}).get("drivers") or ()
    counts = ((each["name"], (each.get("allocatable") or {}).get("count")) for each in drivers)
    return {name: count for name, count in counts if count is not None}


def volume_of(claim: Obj, volume: Obj | None, storage_class: Obj | None) -> Volume | None:
    """Return what a claim has attached, or will; None for what no CSI driver attaches.

    `volume` is the one that the claim names, `storage_class` makes one where it names none yet.
    """
    if volume is not None:
        csi = volume["spec"].get("csi")
        return None if csi is None else (str(csi["driver"]), str(csi["volumeHandle"]))
    driver = str((storage_class or {}).get("provisioner") or "")
    if not driver or driver.startswith(_IN_TREE):
        return None
    return driver, f"of {claim['metadata']['namespace']}/{claim['metadata']['name']}"


def is_over(new: frozenset[Volume], held: set[Volume], limits: dict[str, int]) -> bool:
    """Tell whether some driver would have more volumes than it can when new ones join those held."""
    there = Counter(driver for driver, _ in held)
    more = Counter(driver for driver, _ in new - held)
    return any(there[driver] + count > limits[driver] for driver, count in more.items() if driver in limits)
