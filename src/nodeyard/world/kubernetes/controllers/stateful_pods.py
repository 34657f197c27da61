"""The pods and claims of a StatefulSet: their names, identities and volumes.

Called by the StatefulSet controller. Pure over the objects given.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from nodeyard.world.kubernetes.controllers.pods import condition, is_leaving, is_ready, pod_from
from nodeyard.world.kubernetes.controllers.revisions import HASH
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]

POD_NAME = "statefulset.kubernetes.io/pod-name"
POD_INDEX = "apps.kubernetes.io/pod-index"


def start_ordinal(wanted: Obj) -> int:
    """Return the number of the first pod."""
    return int((wanted["spec"].get("ordinals") or {}).get("start") or 0)


def ordinal(wanted: Obj, pod: Obj) -> int | None:
    """Return the number of a pod of a set, None when its name is of no pod of the set."""
    base, _, text = pod["metadata"]["name"].rpartition("-")
    return int(text) if base == wanted["metadata"]["name"] and text.isdecimal() else None


def claim_name(claim: Obj, wanted: Obj, number: int) -> str:
    """Return the name of the claim that a pod has for one template."""
    return f"{claim['metadata']['name']}-{wanted['metadata']['name']}-{number}"


def stateful_pod(wanted: Obj, template: Obj, revision: str, number: int) -> Obj:
    """Return the pod of a number, with its identity and its volumes."""
    name = f"{wanted['metadata']['name']}-{number}"
    labels = {POD_NAME: name, POD_INDEX: str(number), HASH: revision}
    pod = pod_from(wanted, template, name=name, labels=labels)
    spec = pod["spec"] = copy.deepcopy(pod["spec"])
    spec["hostname"] = name
    if wanted["spec"].get("serviceName"):
        spec["subdomain"] = wanted["spec"]["serviceName"]
    claims = wanted["spec"].get("volumeClaimTemplates") or ()
    names = {each["metadata"]["name"] for each in claims}
    volumes = [each for each in spec.get("volumes") or () if each["name"] not in names]
    volumes += [
        {
            "name": each["metadata"]["name"],
            "persistentVolumeClaim": {"claimName": claim_name(each, wanted, number)},
        }
        for each in claims
    ]
    if volumes:
        spec["volumes"] = volumes
    return pod


def claims_of(wanted: Obj, number: int) -> list[Obj]:
    """Return the claims that the pod of a number needs."""
    labels = (wanted["spec"].get("selector") or {}).get("matchLabels") or {}
    made = []
    for each in wanted["spec"].get("volumeClaimTemplates") or ():
        metadata: Obj = {"name": claim_name(each, wanted, number)}
        metadata["labels"] = {**(each["metadata"].get("labels") or {}), **labels}
        if each["metadata"].get("annotations"):
            metadata["annotations"] = each["metadata"]["annotations"]
        policy = wanted["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenDeleted") == "Delete":
            metadata["ownerReferences"] = [holder(wanted)]
        body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata}
        made.append({**body, "spec": each.get("spec") or {}})
    return made


def holder(owner: Obj) -> Obj:
    """Return the reference that lets a claim go with its set or pod without being controlled by it."""
    metadata = owner["metadata"]
    named = {"name": metadata["name"], "uid": metadata["uid"]}
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], **named}


def is_running(pod: Obj) -> bool:
    """Tell whether a pod runs and is ready."""
    return bool(pod["status"].get("phase") == "Running" and is_ready(pod))


def is_healthy(pod: Obj) -> bool:
    """Tell whether a pod runs, is ready and stays."""
    return is_running(pod) and not is_leaving(pod)


def ready_for(pod: Obj, span: timedelta, now: datetime) -> timedelta:
    """Return how much longer a ready pod must stay ready to count as available; zero when it does."""
    if not span:
        return span
    since = parsed((condition(pod, "Ready") or {})["lastTransitionTime"])
    return max(since + span - now, timedelta(0))


def revision_of(pod: Obj) -> str:
    """Return the name of the revision that a pod was made from."""
    return str((pod["metadata"].get("labels") or {}).get(HASH, ""))
