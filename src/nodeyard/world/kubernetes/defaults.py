"""What the API server fills in: defaults of specs, and the admission steps every cluster runs.

Called by the API rules on create and update. Changes the object it is given, which the caller has copied.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from nodeyard.world.kubernetes.store import Store

Obj = dict[str, Any]

_CLASSES = "storageclasses.storage.k8s.io"
_PROTECTION = "kubernetes.io/pvc-protection"
_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def apply_defaults(obj: Obj) -> None:
    """Fill in what the type of an object declares as defaults."""
    step = _BY_KIND.get(f"{obj.get('apiVersion')} {obj.get('kind')}")
    if step is not None:
        step(obj)


def prepare_status(obj: Obj) -> None:
    """Give a new object the status it starts with; what the client sent is dropped where the API drops it."""
    kind, version = obj.get("kind"), obj.get("apiVersion")
    if kind == "Pod":
        obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj.get("spec", {}))}
    elif kind in ("PersistentVolumeClaim", "PersistentVolume"):
        obj["status"] = {"phase": "Pending"}
    elif kind == "Namespace":
        obj["status"] = {"phase": "Active"}
    elif kind == "Service":
        obj["status"] = {"loadBalancer": {}}
    elif kind == "PodDisruptionBudget":
        numbers = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
        obj["status"] = dict.fromkeys(numbers, 0)
    elif kind == "ReplicaSet" or kind == "ReplicationController" or kind == "StatefulSet":
        obj["status"] = {"replicas": 0}
    elif kind == "DaemonSet":
        numbers = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
        obj["status"] = dict.fromkeys(numbers, 0)
    elif version in ("apps/v1", "batch/v1"):
        obj["status"] = {}


def admit_pod(pod: Obj, store: Store) -> None:
    """Run the admission steps of a pod: service account, priority, tolerations of unready nodes."""
    spec = pod.setdefault("spec", {})
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    name = spec.get("priorityClassName", "")
    chosen = store.get("priorityclasses.scheduling.k8s.io", None, name) if name else None
    if not name:
        for candidate in store.list("priorityclasses.scheduling.k8s.io"):
            if candidate.get("globalDefault"):
                chosen = candidate
                spec["priorityClassName"] = candidate["metadata"]["name"]
    spec["priority"] = int(chosen.get("value", 0)) if chosen else spec.get("priority", 0)
    spec.setdefault("preemptionPolicy", (chosen or {}).get("preemptionPolicy", "PreemptLowerPriority"))
    tolerations = spec.setdefault("tolerations", [])
    for taint in _TAINTS:
        if not any(_covers(item, taint) for item in tolerations):
            tolerations.append(
                {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            )


def admit_claim(claim: Obj, store: Store) -> None:
    """Run the admission steps of a volume claim: the default class, and protection while a pod uses it."""
    spec = claim.setdefault("spec", {})
    if spec.get("storageClassName") is None:
        chosen = [each for each in store.list(_CLASSES) if _is_default(each)]
        if chosen:
            # Of several defaults the newest counts. Source: Kubernetes, admission plugin DefaultStorageClass.
            newest = max(chosen, key=lambda each: each["metadata"].get("creationTimestamp", ""))
            spec["storageClassName"] = newest["metadata"]["name"]
    finalizers = claim["metadata"].setdefault("finalizers", [])
    if _PROTECTION not in finalizers:
        finalizers.append(_PROTECTION)


def _is_default(storage_class: Obj) -> bool:
    marks = storage_class["metadata"].get("annotations") or {}
    return bool(marks.get("storageclass.kubernetes.io/is-default-class") == "true")


def admit_service(service: Obj, chance: float) -> None:
    """Give a service an address in the cluster when it needs one and names none."""
    spec = service.setdefault("spec", {})
    if spec.get("type") == "ExternalName" or spec.get("clusterIP"):
        return
    place = int(chance * 65_000) + 256
    spec["clusterIP"] = f"10.100.{place // 256}.{place % 256}"
    spec["clusterIPs"] = [spec["clusterIP"]]


def _covers(toleration: Obj, taint: str) -> bool:
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "NoExecute") == "NoExecute"


def qos_class(spec: Obj) -> str:
    """Return the quality-of-service class that the resources of a pod give it."""
    bounds = [item.get("resources") or {} for item in spec.get("containers", [])]
    if not any(one.get("requests") or one.get("limits") for one in bounds):
        return "BestEffort"
    for one in bounds:
        limits, requests = one.get("limits") or {}, one.get("requests") or {}
        if any(
            name not in limits or requests.get(name, limits[name]) != limits[name]
            for name in ("cpu", "memory")
        ):
            return "Burstable"
    return "Guaranteed"


# --- one function a kind ---


def _container(container: Obj) -> None:
    image = container.get("image", "")
    latest = image.endswith(":latest") or (":" not in image.rsplit("/", 1)[-1] and "@" not in image)
    container.setdefault("imagePullPolicy", "Always" if latest else "IfNotPresent")
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    resources = container.setdefault("resources", {})
    if resources.get("limits"):
        resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe:
            for field, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1)):
                probe.setdefault(field, value)
            probe.setdefault("failureThreshold", 3)
            if "httpGet" in probe:
                probe["httpGet"].setdefault("path", "/")
                probe["httpGet"].setdefault("scheme", "HTTP")


def pod_spec(spec: Obj) -> None:
    """Fill in the defaults of a pod spec, in a pod or a template."""
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        _container(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    if spec.get("serviceAccountName"):
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
        if "hostPath" in volume:
            volume["hostPath"].setdefault("type", "")


def _template(spec: Obj) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _pod(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)


def _deployment(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    _template(spec)


def _replicas(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    _template(spec)


def _replication_controller(obj: Obj) -> None:
    _replicas(obj)
    spec = obj["spec"]
    labels = spec["template"]["metadata"].get("labels") or {}
    spec.setdefault("selector", dict(labels))


def _stateful_set(obj: Obj) -> None:
    _replicas(obj)
    spec = obj["spec"]
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})


def _daemon_set(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    _template(spec)


def _job_spec(spec: Obj) -> None:
    spec.setdefault("parallelism", 1)
    if "completions" not in spec and spec["parallelism"] == 1:
        spec["completions"] = 1
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    _template(spec)


def _job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    _job_spec(spec)
    metadata = obj["metadata"]
    if spec["manualSelector"] or "uid" not in metadata:
        return
    # The selector of a job is its own uid, unless its owner asked to choose.
    labels = {
        "batch.kubernetes.io/controller-uid": metadata["uid"],
        "batch.kubernetes.io/job-name": metadata.get("name", ""),
        "controller-uid": metadata["uid"],
        "job-name": metadata.get("name", ""),
    }
    template = spec["template"]["metadata"]
    template["labels"] = {**(template.get("labels") or {}), **labels}
    metadata["labels"] = metadata.get("labels") or dict(template["labels"])
    key = "batch.kubernetes.io/controller-uid"
    spec.setdefault("selector", {"matchLabels": {key: metadata["uid"]}})


def _cron_job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    _template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def _service(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")


def _claim(obj: Obj) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")


def _volume(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("volumeMode", "Filesystem")
    spec.setdefault("persistentVolumeReclaimPolicy", "Retain")


def _storage_class(obj: Obj) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _namespace(obj: Obj) -> None:
    metadata = obj["metadata"]
    metadata["labels"] = {
        **(metadata.get("labels") or {}),
        "kubernetes.io/metadata.name": metadata.get("name", ""),
    }
    if "deletionTimestamp" not in metadata:
        obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])


def _secret(obj: Obj) -> None:
    obj.setdefault("type", "Opaque")
    plain = obj.pop("stringData", None)
    if isinstance(plain, dict):
        told = {key: base64.b64encode(str(text).encode()).decode() for key, text in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **told}


_BY_KIND: dict[str, Callable[[Obj], None]] = {
    "v1 Pod": _pod,
    "v1 Service": _service,
    "v1 Namespace": _namespace,
    "v1 Secret": _secret,
    "v1 PersistentVolumeClaim": _claim,
    "v1 PersistentVolume": _volume,
    "storage.k8s.io/v1 StorageClass": _storage_class,
    "v1 ReplicationController": _replication_controller,
    "apps/v1 Deployment": _deployment,
    "apps/v1 ReplicaSet": _replicas,
    "apps/v1 StatefulSet": _stateful_set,
    "apps/v1 DaemonSet": _daemon_set,
    "batch/v1 Job": _job,
    "batch/v1 CronJob": _cron_job,
}
