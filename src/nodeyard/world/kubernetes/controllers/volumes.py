"""The volume controllers: claims get volumes, existing ones or new ones; volumes follow their claims.

Provisioning is done by the storage class, as the EBS driver would: the volume lives in one zone, that of the
node for classes that wait for their first consumer.
"""

from __future__ import annotations

import zlib
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.claims import (
    CLAIMS,
    CLASSES,
    NO_PROVISIONER,
    VOLUMES,
    ZONE,
    claim_names,
    class_of,
    fitting_volumes,
    is_bound,
    reaches,
    waits_for_consumer,
)
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.pods import is_finished, is_leaving, owner_reference
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

PROTECTION = "kubernetes.io/pvc-protection"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
_COMPONENT = "persistentvolume-controller"
_DRIVER = "ebs.csi.aws.com"
_RETRY_S = 15.0


class Volumes(Controller):
    """Binds claims to volumes, provisions, and cleans up."""

    watches = frozenset({CLAIMS, VOLUMES, CLASSES, "pods"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._users: dict[Place, set[str]] = {}
        """Claim -> the pods that use it."""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "pods":
            self._pod(change)
        elif change.resource == CLAIMS:
            if change.type != "DELETED":
                self.queue.add(("claim", *place_of(obj)))
            elif obj["spec"].get("volumeName"):
                self.queue.add(("volume", "", obj["spec"]["volumeName"]))
        elif change.resource == VOLUMES:
            if change.type != "DELETED":
                self.queue.add(("volume", "", obj["metadata"]["name"]))
            kept_for = obj["spec"].get("claimRef")
            if kept_for:
                self.queue.add(("claim", kept_for.get("namespace", ""), kept_for.get("name", "")))
        elif change.type == "ADDED":
            for claim in self.store.list(CLAIMS):
                self.queue.add(("claim", *place_of(claim)))

    def _pod(self, change: Change) -> None:
        pod = change.object
        if not pod["spec"].get("volumes"):
            return
        space, name = place_of(pod)
        for claim in claim_names(pod):
            users = self._users.setdefault((space, claim), set())
            if change.type == "DELETED" or is_finished(pod):
                users.discard(name)
                if not users:
                    del self._users[(space, claim)]
                self.queue.add(("claim", space, claim))
            else:
                users.add(name)
        if change.type == "ADDED" and any("ephemeral" in each for each in pod["spec"]["volumes"]):
            self.queue.add(("pod", space, name))

    def reconcile(self, key: tuple[str, str, str]) -> None:
        what, space, name = key
        if what == "pod":
            self._ephemeral(space, name)
        elif what == "volume":
            volume = self.store.get(VOLUMES, None, name)
            if volume is not None:
                self._volume(volume)
        else:
            claim = self.store.get(CLAIMS, space, name)
            if claim is not None:
                self._claim(claim)

    # --- claims ---

    def _claim(self, claim: Obj) -> None:
        place = place_of(claim)
        if is_leaving(claim):
            kept = [each for each in claim["metadata"].get("finalizers") or () if each != PROTECTION]
            if not self._users.get(place) and len(kept) < len(claim["metadata"].get("finalizers") or ()):
                changed = {**claim, "metadata": {**claim["metadata"], "finalizers": kept}}
                self.api.update(CLAIMS, *place, changed)
            return
        if is_bound(claim):
            if self.store.get(VOLUMES, None, claim["spec"]["volumeName"]) is None:
                self.put_status(CLAIMS, claim, {**claim["status"], "phase": "Lost"})
                text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
                self.api.event(claim, "Warning", "ClaimLost", text, _COMPONENT)
            return
        if claim.get("status", {}).get("phase") == "Lost":
            return
        self._bind(claim)

    def _bind(self, claim: Obj) -> None:
        """Give a claim a volume, unless it waits for a pod to be placed."""
        storage_class = self.store.get(CLASSES, None, class_of(claim))
        volumes = fitting_volumes(self.store, claim)
        named = bool(claim["spec"].get("volumeName"))
        reserved = any(each["spec"].get("claimRef") for each in volumes)
        if waits_for_consumer(storage_class) and not (named or reserved):
            text = "waiting for first consumer to be created before binding"
            if not self._users.get(place_of(claim)):
                self.api.event(claim, "Normal", "WaitForFirstConsumer", text, _COMPONENT)
            return
        if volumes:
            tie(self.api, claim, volumes[0])
        elif named:
            return
        elif storage_class is None:
            self._cannot(claim)
        elif storage_class.get("provisioner") == NO_PROVISIONER:
            self._say_nothing_fits(claim)
        else:
            home = self._home(claim)
            if home is None:
                self.queue.after(("claim", *place_of(claim)), _RETRY_S)
            else:
                provision(self.api, claim, storage_class, home)

    def _cannot(self, claim: Obj) -> None:
        name = class_of(claim)
        if name:
            text = f'storageclass.storage.k8s.io "{name}" not found'
            self.api.event(claim, "Warning", "ProvisioningFailed", text, _COMPONENT)
        else:
            self._say_nothing_fits(claim)

    def _say_nothing_fits(self, claim: Obj) -> None:
        text = "no persistent volumes available for this claim and no storage class is set"
        self.api.event(claim, "Normal", "FailedBinding", text, _COMPONENT)

    def _home(self, claim: Obj) -> Obj | None:
        """Return a node in whose zone a volume may live that waits for nobody; its name decides."""
        nodes = [
            node for node in self.store.list("nodes") if (node["metadata"].get("labels") or {}).get(ZONE)
        ]
        if not nodes:
            return None
        return nodes[zlib.crc32(claim["metadata"]["uid"].encode()) % len(nodes)]

    # --- volumes ---

    def _volume(self, volume: Obj) -> None:
        kept_for = volume["spec"].get("claimRef")
        status = volume.get("status") or {}
        if not kept_for or not kept_for.get("uid"):
            if status.get("phase") != "Available":
                self.put_status(VOLUMES, volume, {**status, "phase": "Available"})
                for claim in self.store.list(CLAIMS):
                    if not is_bound(claim):
                        self.queue.add(("claim", *place_of(claim)))
            return
        holder = self.store.get(CLAIMS, kept_for["namespace"], kept_for["name"])
        if holder is not None and holder["metadata"]["uid"] == kept_for["uid"]:
            return
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self.api.delete(VOLUMES, None, volume["metadata"]["name"])
        else:
            self.put_status(VOLUMES, volume, {**status, "phase": "Released"})

    # --- ephemeral volumes ---

    def _ephemeral(self, space: str, name: str) -> None:
        """Create the claims that live and die with a pod."""
        pod = self.store.get("pods", space, name)
        if pod is None or is_leaving(pod):
            return
        for volume in pod["spec"].get("volumes") or ():
            template = (volume.get("ephemeral") or {}).get("volumeClaimTemplate")
            claim = f"{name}-{volume['name']}"
            if template is None or self.store.get(CLAIMS, space, claim) is not None:
                continue
            metadata = {**(template.get("metadata") or {}), "name": claim}
            metadata["ownerReferences"] = [owner_reference(pod)]
            body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
            self.api.create(CLAIMS, space, {**body, "spec": template["spec"]})


def bind_for(api: Api, claim: Obj, storage_class: Obj, node: Obj) -> None:
    """Give a claim that waited for its consumer a volume that a node reaches."""
    claim = api.get(CLAIMS, *place_of(claim))
    if is_bound(claim):
        return
    annotations = {**(claim["metadata"].get("annotations") or {}), SELECTED_NODE: node["metadata"]["name"]}
    claim = api.store.put(CLAIMS, {**claim, "metadata": {**claim["metadata"], "annotations": annotations}})
    # Looked up now: another claim of the pod may have taken one that was free.
    near = next((each for each in fitting_volumes(api.store, claim) if reaches(each, node)), None)
    if near is not None:
        tie(api, claim, near)
    else:
        provision(api, claim, storage_class, node)


def provision(api: Api, claim: Obj, storage_class: Obj, node: Obj) -> None:
    """Make a volume for a claim in the zone of a node and bind the two."""
    zone = (node["metadata"].get("labels") or {}).get(ZONE)
    driver = storage_class.get("provisioner", "")
    driver = _DRIVER if driver == "kubernetes.io/aws-ebs" else driver
    handle = f"vol-0{zlib.crc32(claim['metadata']['uid'].encode()):08x}{len(claim['metadata']['name']):08x}"
    spec: Obj = {
        "capacity": {
            "storage": ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "1Gi")
        },
        "accessModes": claim["spec"].get("accessModes") or ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy") or "Delete",
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        "csi": {"driver": driver, "volumeHandle": handle},
    }
    if zone:
        term = {"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
    name = f"pvc-{claim['metadata']['uid']}"
    metadata = {"name": name, "annotations": {PROVISIONED_BY: driver}}
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
    volume = api.store.get(VOLUMES, None, name) or api.create(VOLUMES, None, body)
    api.event(claim, "Normal", "ProvisioningSucceeded", f"Successfully provisioned volume {name}", driver)
    tie(api, claim, volume)


def tie(api: Api, claim: Obj, volume: Obj) -> None:
    """Bind a claim and a volume to each other."""
    claim = api.get(CLAIMS, *place_of(claim))
    metadata = claim["metadata"]
    names = {"namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]}
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **names}
    spec = {**volume["spec"], "claimRef": reference}
    status = {**(volume.get("status") or {}), "phase": "Bound"}
    api.store.put(VOLUMES, {**volume, "spec": spec, "status": status})
    marks = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
    bound = {**metadata, "annotations": {**(metadata.get("annotations") or {}), **marks}}
    held: Obj = {
        "phase": "Bound",
        "accessModes": volume["spec"].get("accessModes") or [],
        "capacity": dict(volume["spec"].get("capacity") or {}),
    }
    wanted = {**claim["spec"], "volumeName": volume["metadata"]["name"]}
    api.store.put(CLAIMS, {**claim, "metadata": bound, "spec": wanted, "status": held})
