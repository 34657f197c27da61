"""What the volumes of a pod ask of its node, and which volumes go with which claims.

Read by the scheduler and by the volume controller. Looks objects up, changes none.
Source: Kubernetes, scheduler plugins VolumeBinding and VolumeZone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
NO_PROVISIONER = "kubernetes.io/no-provisioner"

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
CONFLICT = "node(s) had volume node affinity conflict"
WRONG_ZONE = "node(s) had no available volume zone"
NOTHING_TO_BIND = "node(s) didn't find available persistent volumes to bind"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"


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
    asked = ((wanted.get("resources") or {}).get("requests") or {}).get("storage", 0)
    return quantity((spec.get("capacity") or {}).get("storage", 0)) >= quantity(asked)


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
    lost: bool = False
    bound: tuple[Obj, ...] = ()
    waiting: tuple[tuple[Obj, Obj, tuple[Obj, ...]], ...] = ()
    """Claims to bind with the pod, each with its class and the volumes that exist for it."""

    def misfit(self, info: NodeInfo) -> str | None:
        """Return why a node cannot have the volumes, None when it can."""
        if self.lost:
            return NO_VOLUME
        for volume in self.bound:
            if not reaches(volume, info.node):
                return CONFLICT
            zones = (volume["metadata"].get("labels") or {}).get(ZONE)
            if zones and info.labels.get(ZONE) not in zones.split("__"):
                return WRONG_ZONE
        for _, storage_class, volumes in self.waiting:
            if any(reaches(volume, info.node) for volume in volumes):
                continue
            if storage_class.get("provisioner") == NO_PROVISIONER or not allows(storage_class, info):
                return NOTHING_TO_BIND
        return None


NOTHING = Needs()


def reaches(volume: Obj, node: Obj) -> bool:
    """Tell whether a node may use a volume."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    return required is None or terms_match(required, node)


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
    space, lost = pod["metadata"]["namespace"], False
    bound: list[Obj] = []
    waiting: list[tuple[Obj, Obj, tuple[Obj, ...]]] = []
    for name in names:
        claim = store.get(CLAIMS, space, name)
        if claim is None:
            return Needs(f'persistentvolumeclaim "{name}" not found')
        if claim.get("status", {}).get("phase") == "Lost":
            return Needs(
                f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{_pv(claim)}"'
            )
        if is_leaving(claim):
            return Needs(f'persistentvolumeclaim "{name}" is being deleted')
        if is_bound(claim):
            volume = store.get(VOLUMES, None, _pv(claim))
            lost = lost or volume is None
            bound += [volume] if volume is not None else []
            continue
        storage_class = store.get(CLASSES, None, class_of(claim))
        if storage_class is None or not waits_for_consumer(storage_class):
            return Needs(UNBOUND)
        waiting.append((claim, storage_class, tuple(fitting_volumes(store, claim))))
    return Needs("", lost, tuple(bound), tuple(waiting))


def _pv(claim: Obj) -> str:
    return str(claim["spec"].get("volumeName", ""))
