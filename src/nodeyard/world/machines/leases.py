"""The leases of simulated kubelets: held while a kubelet lives, left to age once it is silent."""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock
from nodeyard.world.kubernetes.controllers.kubelets import HELD, LEASE_SECONDS, LEASES, NAMESPACE, is_held
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.kubernetes.times import micro_time

Obj = dict[str, Any]


def hold(handle: ClusterHandle, owner: Obj, clock: Clock) -> None:
    """Write the node's lease: renewed for as long as a living kubelet holds it."""
    name = owner["metadata"]["name"]
    held = handle.store.get(LEASES, NAMESPACE, name)
    if is_held(held):
        return
    spec = {**_spec(clock), "holderIdentity": name}
    if held is None:
        metadata = {"name": name, "annotations": {HELD: "true"}, "ownerReferences": [_owned_by(owner)]}
        handle.api.create(LEASES, NAMESPACE, {"metadata": metadata, "spec": spec})
    else:
        metadata = {**held["metadata"], "annotations": {HELD: "true"}}
        handle.store.put(LEASES, {**held, "metadata": metadata, "spec": spec})


def fall_silent(handle: ClusterHandle, owner: Obj, clock: Clock) -> None:
    """Let the lease of a node age from now on; one that never reported gets a lease that nobody holds."""
    name = owner["metadata"]["name"]
    if handle.store.get(LEASES, NAMESPACE, name) is None:
        metadata = {"name": name, "ownerReferences": [_owned_by(owner)]}
        handle.api.create(LEASES, NAMESPACE, {"metadata": metadata, "spec": _spec(clock)})
    drop(handle, name, clock)


def drop(handle: ClusterHandle, name: str, clock: Clock) -> None:
    """Let a lease age from now on: its kubelet has stopped."""
    held = handle.store.get(LEASES, NAMESPACE, name)
    if held is None or not is_held(held):
        return
    spec = {**held["spec"], **_spec(clock)}
    handle.store.put(LEASES, {**held, "metadata": {**held["metadata"], "annotations": {}}, "spec": spec})


def _spec(clock: Clock) -> Obj:
    return {"leaseDurationSeconds": LEASE_SECONDS, "renewTime": micro_time(clock.now())}


def _owned_by(node: Obj) -> dict[str, str]:
    metadata = node["metadata"]
    return {"apiVersion": "v1", "kind": "Node", "name": metadata["name"], "uid": metadata["uid"]}
