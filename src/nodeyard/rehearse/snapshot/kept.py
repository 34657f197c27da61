"""Which members of an object a snapshot keeps. Pure; a list of what is kept, never of what is dropped.

Secrets and ConfigMaps are not read at all. Of containers only name, requests, limits and host ports stay:
no image, command, argument, environment or probe. Annotations go, but for the few below, whose values
Kubernetes itself writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Obj = dict[str, Any]

ANNOTATIONS = frozenset(
    {
        "kubernetes.io/config.mirror",
        "deployment.kubernetes.io/revision",
        "controller.kubernetes.io/pod-deletion-cost",
        "pv.kubernetes.io/bind-completed",
        "pv.kubernetes.io/bound-by-controller",
        "pv.kubernetes.io/provisioned-by",
        "volume.kubernetes.io/selected-node",
        "storageclass.kubernetes.io/is-default-class",
    }
)
_METADATA = ("name", "namespace", "uid", "labels", "creationTimestamp", "deletionTimestamp", "finalizers")
_METADATA_MORE = ("deletionGracePeriodSeconds", "generation")
_POD = (
    "nodeName",
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "priorityClassName",
    "priority",
    "preemptionPolicy",
    "hostNetwork",
    "terminationGracePeriodSeconds",
    "restartPolicy",
    "schedulerName",
    "overhead",
    "schedulingGates",
    "readinessGates",
)
_SOURCES = ("persistentVolumeClaim", "emptyDir", "hostPath", "ephemeral")
_WORKLOAD = (
    "replicas",
    "selector",
    "strategy",
    "updateStrategy",
    "minReadySeconds",
    "serviceName",
    "podManagementPolicy",
    "paused",
    "ordinals",
    "revisionHistoryLimit",
    "progressDeadlineSeconds",
    "parallelism",
    "completions",
    "completionMode",
    "backoffLimit",
    "suspend",
    "manualSelector",
)
_REFERENCE = ("apiVersion", "kind", "name", "uid", "controller")


def _only(obj: Obj | None, names: Iterable[str]) -> Obj:
    return {name: obj[name] for name in names if obj and obj.get(name) is not None}


def metadata(obj: Obj) -> Obj:
    """Return names, labels, times and owners, and the few annotations that are kept."""
    given = obj.get("metadata") or {}
    kept = _only(given, (*_METADATA, *_METADATA_MORE))
    owners = [_only(each, _REFERENCE) for each in given.get("ownerReferences") or ()]
    if owners:
        kept["ownerReferences"] = owners
    marks = {key: value for key, value in (given.get("annotations") or {}).items() if key in ANNOTATIONS}
    if marks:
        kept["annotations"] = marks
    return kept


def _container(each: Obj) -> Obj:
    kept = _only(each, ("name", "restartPolicy"))
    resources = _only(each.get("resources"), ("requests", "limits"))
    if resources:
        kept["resources"] = resources
    ports = [
        _only(port, ("containerPort", "hostPort", "hostIP", "protocol"))
        for port in each.get("ports") or ()
        if port.get("hostPort")
    ]
    return kept | ({"ports": ports} if ports else {})


def _volume(each: Obj) -> Obj | None:
    """Return a volume that ties a pod to a place; others, secrets among them, are not kept."""
    if "persistentVolumeClaim" in each:
        return {"name": each["name"], "persistentVolumeClaim": dict(each["persistentVolumeClaim"])}
    if "ephemeral" in each:
        template = (each["ephemeral"] or {}).get("volumeClaimTemplate") or {}
        return {"name": each["name"], "ephemeral": {"volumeClaimTemplate": _only(template, ("spec",))}}
    if "emptyDir" in each:
        return {"name": each["name"], "emptyDir": _only(each["emptyDir"], ("medium",))}
    return {"name": each["name"], "hostPath": {"path": "/"}} if "hostPath" in each else None


def pod_spec(spec: Obj) -> Obj:
    """Return what decides where a pod may run and how it stops."""
    kept = _only(spec, _POD)
    for kind in ("containers", "initContainers"):
        found = [_container(each) for each in spec.get(kind) or ()]
        if found:
            kept[kind] = found
    volumes = [held for each in spec.get("volumes") or () if (held := _volume(each)) is not None]
    return kept | ({"volumes": volumes} if volumes else {})


def _conditions(obj: Obj, names: tuple[str, ...] | None = None) -> list[Obj]:
    wanted = ("type", "status", "reason", "lastTransitionTime")
    return [
        _only(each, wanted)
        for each in (obj.get("status") or {}).get("conditions") or ()
        if names is None or each.get("type") in names
    ]


def _node(obj: Obj) -> Obj:
    spec = _only(obj.get("spec"), ("taints", "unschedulable", "providerID"))
    status = _only(obj.get("status"), ("capacity", "allocatable"))
    info = _only((obj.get("status") or {}).get("nodeInfo"), ("kubeletVersion", "osImage", "architecture"))
    return {"spec": spec, "status": {**status, "nodeInfo": info, "conditions": _conditions(obj)}}


_POD_CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")


def _pod(obj: Obj) -> Obj:
    given = obj.get("status") or {}
    states = [_only(each, ("name", "restartCount", "ready")) for each in given.get("containerStatuses") or ()]
    status = {**_only(given, ("phase", "startTime")), "conditions": _conditions(obj, _POD_CONDITIONS)}
    if states:
        status["containerStatuses"] = states
    return {"spec": pod_spec(obj.get("spec") or {}), "status": status}


def _workload(obj: Obj) -> Obj:
    given = obj.get("spec") or {}
    spec = _only(given, _WORKLOAD)
    template = given.get("template") or {}
    labels = {"labels": (template.get("metadata") or {}).get("labels") or {}}
    spec["template"] = {"metadata": labels, "spec": pod_spec(template.get("spec") or {})}
    claims = [
        {"metadata": _only(each.get("metadata"), ("name", "labels")), "spec": each.get("spec") or {}}
        for each in given.get("volumeClaimTemplates") or ()
    ]
    if claims:
        spec["volumeClaimTemplates"] = claims
    numbers = {name: value for name, value in (obj.get("status") or {}).items() if isinstance(value, int)}
    times = _only(obj.get("status"), ("startTime", "completionTime"))
    return {"spec": spec, "status": {**numbers, **times, "conditions": _conditions(obj)}}


def _budget(obj: Obj) -> Obj:
    names = ("minAvailable", "maxUnavailable", "selector", "unhealthyPodEvictionPolicy")
    return {"spec": _only(obj.get("spec"), names)}


def _claim(obj: Obj) -> Obj:
    names = ("accessModes", "resources", "storageClassName", "volumeMode", "volumeName")
    return {"spec": _only(obj.get("spec"), names), "status": _only(obj.get("status"), ("phase",))}


def _volume_object(obj: Obj) -> Obj:
    names = ("accessModes", "capacity", "nodeAffinity", "storageClassName", "volumeMode", "claimRef")
    given = obj.get("spec") or {}
    local = {"local": {"path": "/"}} if "local" in given or "hostPath" in given else {}
    kept = _only(given, (*names, "persistentVolumeReclaimPolicy"))
    if kept.get("claimRef"):
        kept["claimRef"] = _only(kept["claimRef"], ("apiVersion", "kind", "name", "namespace", "uid"))
    return {"spec": kept | local, "status": _only(obj.get("status"), ("phase",))}


def _event(obj: Obj) -> Obj:
    about = _only(obj.get("involvedObject"), ("kind", "namespace", "name", "uid"))
    at = obj.get("eventTime") or obj.get("firstTimestamp")
    return {"involvedObject": about, **_only(obj, ("reason",)), **({"firstTimestamp": at} if at else {})}


_EVENT_REASONS = frozenset({"Killing", "Scheduled"})

_OF: dict[str, Callable[[Obj], Obj]] = {
    "nodes": _node,
    "pods": _pod,
    "deployments.apps": _workload,
    "replicasets.apps": _workload,
    "statefulsets.apps": _workload,
    "daemonsets.apps": _workload,
    "jobs.batch": _workload,
    "poddisruptionbudgets.policy": _budget,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume_object,
    "priorityclasses.scheduling.k8s.io": lambda obj: _only(
        obj, ("value", "globalDefault", "preemptionPolicy")
    ),
    "storageclasses.storage.k8s.io": lambda obj: _only(
        obj, ("provisioner", "reclaimPolicy", "volumeBindingMode", "allowedTopologies")
    ),
    "namespaces": lambda obj: {},
    "events": _event,
}


def keep(resource: str, obj: Obj) -> Obj | None:
    """Return what a snapshot keeps of an object; None for one that tells a rehearsal nothing."""
    if resource == "events" and obj.get("reason") not in _EVENT_REASONS:
        return None
    return {"metadata": metadata(obj), **_OF[resource](obj)}
