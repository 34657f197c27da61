"""Which simulated kubelets are alive, as their Leases tell.

Written by `world.machines`, read by node lifecycle and the kubelet controller. A kubelet renews its Lease
every ten seconds; for thousands of nodes at high speed that would be nothing but writes. So a Lease that a
living simulated kubelet holds carries the annotation `nodeyard.dev/held`: it counts as renewed now. A kubelet
that falls silent takes the annotation away; the Lease then ages like any other.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.store import Store

Obj = dict[str, Any]

LEASES = "leases.coordination.k8s.io"
NAMESPACE = "kube-node-lease"
HELD = "nodeyard.dev/held"
LEASE_SECONDS = 40


def lease_of(store: Store, node: str) -> Obj | None:
    """Return the Lease of a node."""
    return store.get(LEASES, NAMESPACE, node)


def is_held(lease: Obj | None) -> bool:
    """Tell whether a simulated kubelet holds a Lease now."""
    return lease is not None and (lease["metadata"].get("annotations") or {}).get(HELD) == "true"


def runs_pods(store: Store, node: str) -> bool:
    """Tell whether pods on a node make progress.

    A node without any Lease was made by hand: its kubelet is simulated as if it were always alive.
    """
    lease = lease_of(store, node)
    return lease is None or is_held(lease)
