"""What the volumes of a pod ask of its node, and which volumes go with which claims.

Read by the scheduler and by the volume controller. Looks objects up, changes none.
Source: Kubernetes, scheduler plugins NodeVolumeLimits, VolumeBinding and VolumeZone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from nodeyard.world.kubernetes.controllers.attach_limits import (
    CSI_NODES,
    TOO_MANY_VOLUMES,
    Volume,
    is_over,
    limits_of,
    volume_of,
)
from nodeyard.world.kubernetes.controllers.fit import terms_match
from nodeyard.world.kubernetes.controllers.node_index import NodeInfo
from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.quantities import quantity
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Store

Obj = dict[str, Any]

CLAIMS = "persistentvolumeclaims"
VOLUMES = "persistentvolumes"
CLASSES = "storageclasses.storage.k8s.io"
ZONE = "topology.kubernetes.io/zone"
_WHERE = {
    ZONE: ZONE,
    "topology.kubernetes.io/region": "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone": ZONE,
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
}
"""The labels that say where a volume is, the old ones with what stands for them now."""
NO_PROVISIONER = "kubernetes.io/no-provisioner"

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
WRONG_ZONE = "node(s) had no available volume zone"
NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind"

LASTING = frozenset({CONFLICT, WRONG_ZONE, NOTHING_TO_BIND})
"""Refusals that no eviction on the node can lift."""


def claim_names(pod: Obj) -> list[str]:
    """Return the names of the claims that a pod uses."""
    names = []
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            names.append(str(volume["persistentVolumeClaim"].get("claimName", "")))
        elif "ephemeral" in volume:
            names.append(f"{pod['metadata']['name']}-{volume['name']}")
    return names


def class_of(claim: Obj) -> str:
    """Return the storage class that a claim names, "" for none."""
    return str(claim["spec"].get("storageClassName") or "")


def waits_for_consumer(storage_class: Obj | None) -> bool:
    """Tell whether claims of a class are bound only once a pod is placed."""
    return storage_class is not None and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"


def is_bound(claim: Obj) -> bool:
    """Tell whether a claim has its volume."""
    return bool(claim["spec"].get("volumeName")) and claim.get("status", {}).get("phase") == "Bound"


def suits(volume: Obj, claim: Obj) -> bool:
    """Tell whether an unclaimed volume, or one kept for this claim, would serve a claim."""
    spec, wanted = volume["spec"], claim["spec"]
    kept_for = spec.get("claimRef")
    if kept_for:
        named = (kept_for.get("namespace"), kept_for.get("name"))
        mine = named == (claim["metadata"]["namespace"], claim["metadata"]["name"])
        return mine and kept_for.get("uid") in (None, claim["metadata"]["uid"])
    if is_leaving(volume) or str(spec.get("storageClassName") or "") != class_of(claim):
        return False
    if spec.get("volumeMode", "Filesystem") != wanted.get("volumeMode", "Filesystem"):
        return False
    if not set(wanted.get("accessModes") or ()) <= set(spec.get("accessModes") or ()):
        return False
    if wanted.get("selector") and not selector_match(
        wanted["selector"], volume["metadata"].get("labels") or {}
    ):
        return False
    return quantity((spec.get("capacity") or {}).get("storage", 0)) >= _asked(claim)


def fitting_volumes(store: Store, claim: Obj) -> list[Obj]:
    """Return the volumes that would serve a claim, the one kept for it first, then the smallest."""
    found = [each for each in store.list(VOLUMES) if suits(each, claim)]
    named = claim["spec"].get("volumeName")
    if named:
        found = [each for each in found if each["metadata"]["name"] == named]
    return sorted(
        found,
        key=lambda each: (
            not each["spec"].get("claimRef"),
            quantity((each["spec"].get("capacity") or {}).get("storage", 0)),
        ),
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """What the volumes of a pod ask."""

    problem: str = ""
    """Why the pod can go nowhere, "" where it can."""
    bound: tuple[Obj, ...] = ()
    waiting: tuple[tuple[Obj, Obj, tuple[Obj, ...]], ...] = ()
    """Claims to bind with the pod, each with its class and the volumes that exist for it."""
    attaches: frozenset[Volume] = frozenset()
    store: Store | None = None
    """Where to look up how many volumes a node takes, and what the pods on it have attached."""

    def misfit(self, info: NodeInfo) -> tuple[str, ...]:
        """Return why a node cannot have the volumes, () when it can."""
        if self._is_full(info):
            return (TOO_MANY_VOLUMES,)
        near, binds = all(reaches(volume, info.node) for volume in self.bound), self._can_bind(info)
        found = (() if near else (CONFLICT,)) + (() if binds else (NOTHING_TO_BIND,))
        if not found and not all(
            _same_zone(volume["metadata"].get("labels") or {}, info.labels) for volume in self.bound
        ):
            return (WRONG_ZONE,)
        return found

    def _is_full(self, info: NodeInfo) -> bool:
        if self.store is None or not self.attaches:
            return False
        limits = limits_of(self.store.get(CSI_NODES, None, info.name))
        if not limits:
            return False
        held = {volume for pod in info.pods.values() for volume in attached_by(pod, self.store)}
        return is_over(self.attaches, held, limits)

    def _can_bind(self, info: NodeInfo) -> bool:
        taken: set[str] = set()
        for _, storage_class, volumes in self.waiting:
            near = (
                name
                for volume in volumes
                if (name := volume["metadata"]["name"]) not in taken and reaches(volume, info.node)
            )
            chosen = next(near, None)
            if chosen is not None:
                taken.add(chosen)
            elif storage_class.get("provisioner") == NO_PROVISIONER or not allows(storage_class, info):
                return False
        return True


NOTHING = Needs()


def reaches(volume: Obj, node: Obj) -> bool:
    """Tell whether a node may use a volume."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or terms_match(required, node)


def _same_zone(labels: Obj, home: dict[str, str]) -> bool:
    """Tell whether a node is where the labels of a volume say; one that does not say where it is may be."""
    if not any(key in home for key in _WHERE):
        return True
    return all(
        home.get(key, home.get(newer)) in labels[key].split("__")
        for key, newer in _WHERE.items()
        if key in labels
    )


def allows(storage_class: Obj, info: NodeInfo) -> bool:
    """Tell whether a class provisions volumes where a node is."""
    terms = storage_class.get("allowedTopologies")
    if not terms:
        return True
    return any(
        all(
            info.labels.get(each["key"]) in each["values"] for each in term.get("matchLabelExpressions") or ()
        )
        for term in terms
    )


def needs_of(pod: Obj, store: Store) -> Needs:
    """Return what the volumes of a pod ask of its node."""
    names = claim_names(pod)
    if not names:
        return NOTHING
    claims: list[Obj] = []
    for name in names:
        claim = store.get(CLAIMS, pod["metadata"]["namespace"], name)
        if claim is None:
            return Needs(f'persistentvolumeclaim "{name}" not found')
        if claim.get("status", {}).get("phase") == "Lost":
            return Needs(
                f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{_pv(claim)}"'
            )
        if is_leaving(claim):
            return Needs(f'persistentvolumeclaim "{name}" is being deleted')
        claims.append(claim)
    waiting: list[tuple[Obj, Obj, tuple[Obj, ...]]] = []
    for claim in sorted(claims, key=_asked):
        if is_bound(claim):
            continue
        storage_class = store.get(CLASSES, None, class_of(claim))
        if storage_class is None or not waits_for_consumer(storage_class):
            return Needs(UNBOUND)
        waiting.append((claim, storage_class, tuple(fitting_volumes(store, claim))))
    bound: list[Obj] = []
    for name in (_pv(claim) for claim in claims if is_bound(claim)):
        volume = store.get(VOLUMES, None, name)
        if volume is None:
            return Needs(f'persistentvolume "{name}" not found')
        bound.append(volume)
    return Needs("", tuple(bound), tuple(waiting), attached_by(pod, store), store)


def attached_by(pod: Obj, store: Store) -> frozenset[Volume]:
    """Return the volumes that CSI drivers attach to the node of a pod."""
    found: set[Volume] = set()
    for name in claim_names(pod):
        claim = store.get(CLAIMS, pod["metadata"]["namespace"], name)
        if claim is not None:
            volume = store.get(VOLUMES, None, _pv(claim)) if _pv(claim) else None
            attached = volume_of(claim, volume, store.get(CLASSES, None, class_of(claim)))
            found |= {attached} if attached is not None else set()
    return frozenset(found)


def _pv(claim: Obj) -> str:
    return str(claim["spec"].get("volumeName", ""))


def _asked(claim: Obj) -> Fraction:
    """Return how much room a claim asks for."""
    return quantity(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", 0))
