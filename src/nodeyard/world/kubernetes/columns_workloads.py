"""The columns `kubectl get` shows for pods and the objects that run them.

Read by `tables`. Pure: an object and an instant in, cells out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]
Cells = list[Any]
Columns = tuple[str, Callable[[Obj, datetime], Cells]]

NONE = "<none>"


def duration_text(seconds: float) -> str:
    """Return a duration the short way clients know: 45s, 3m20s, 5h12m, 4d3h, 2y10d."""
    total = int(seconds)
    if total < 0:
        return "<invalid>" if total < -1 else "0s"
    if total < 120:
        return f"{total}s"
    minutes, hours, days = total // 60, total // 3_600, total // 86_400
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    if days < 8 * 365:
        return f"{days // 365}y{days % 365}d" if days % 365 else f"{days // 365}y"
    return f"{days // 365}y"


def since(text: str | None, now: datetime) -> str:
    """Return how long ago a timestamp is, as a cell."""
    if not text:
        return "<unknown>"
    return duration_text((now - parsed(text)).total_seconds())


def age(obj: Obj, now: datetime) -> str:
    """Return the age of an object, as a cell."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def labels_text(labels: Obj | None) -> str:
    """Return labels or a plain selector, as a cell."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or NONE


def selector_text(selector: Obj | None) -> str:
    """Return a LabelSelector, as a cell."""
    if not selector:
        return NONE
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for item in selector.get("matchExpressions") or ():
        key, verb, values = item["key"], item["operator"], ",".join(sorted(item.get("values") or ()))
        forms = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key}
        parts.append(forms.get(verb, f"!{key}"))
    return ",".join(parts) or NONE


def _images(template: Obj) -> Cells:
    containers = template.get("spec", {}).get("containers") or []
    names = ",".join(item.get("name", "") for item in containers)
    return [names, ",".join(item.get("image", "") for item in containers)]


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def pod_status(pod: Obj) -> str:
    """Return the word `kubectl get pods` shows for a pod."""
    status = pod.get("status", {})
    word = status.get("reason") or status.get("phase") or "Unknown"
    conditions = status.get("conditions") or ()
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in conditions):
        word = "SchedulingGated"
    running = False
    for item in status.get("containerStatuses") or ():
        state = item.get("state") or {}
        waiting, over = state.get("waiting") or {}, state.get("terminated")
        if waiting.get("reason"):
            word = waiting["reason"]
        elif over is not None:
            word = over.get("reason") or f"ExitCode:{over.get('exitCode', 0)}"
        elif item.get("ready") and state.get("running") is not None:
            running = True
    if word == "Completed" and running:
        word = "Running"
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return str(word)


def _pod(pod: Obj, now: datetime) -> Cells:
    status, spec = pod.get("status", {}), pod.get("spec", {})
    containers = status.get("containerStatuses") or []
    ready = sum(1 for item in containers if item.get("ready"))
    restarts = sum(int(item.get("restartCount", 0)) for item in containers)
    gates = spec.get("readinessGates") or []
    met = {c.get("type") for c in status.get("conditions") or () if c.get("status") == "True"}
    passed = sum(1 for gate in gates if gate.get("conditionType") in met)
    return [
        _name(pod),
        f"{ready}/{len(spec.get('containers') or [])}",
        pod_status(pod),
        str(restarts),
        age(pod, now),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        f"{passed}/{len(gates)}" if gates else NONE,
    ]


def _deployment(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    numbers = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    images = _images(spec.get("template", {}))
    return [_name(obj), ready, *numbers, age(obj, now), *images, selector_text(spec.get("selector"))]


def _replicas(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    selector = spec.get("selector")
    shown = labels_text(selector) if obj["kind"] == "ReplicationController" else selector_text(selector)
    numbers = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(obj), *numbers, age(obj, now), *_images(spec.get("template", {})), shown]


def _stateful_set(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [_name(obj), ready, age(obj, now), *_images(spec.get("template", {}))]


def _daemon_set(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    fields = ["desiredNumberScheduled", "currentNumberScheduled", "numberReady"]
    fields += ["updatedNumberScheduled", "numberAvailable"]
    template = spec.get("template", {})
    nodes = labels_text(template.get("spec", {}).get("nodeSelector"))
    cells = [_name(obj), *(status.get(field, 0) for field in fields), nodes, age(obj, now)]
    return [*cells, *_images(template), selector_text(spec.get("selector"))]


def _job(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    done = status.get("succeeded", 0)
    wanted = spec.get("completions")
    completions = f"{done}/{wanted}" if wanted is not None else f"{done}/1 of {spec.get('parallelism', 1)}"
    held = {c["type"] for c in status.get("conditions") or () if c.get("status") == "True"}
    order = {"Complete": "Complete", "Failed": "Failed", "Suspended": "Suspended"}
    order |= {"FailureTarget": "FailureTarget", "SuccessCriteriaMet": "SuccessCriteriaMet"}
    word = next((shown for kind, shown in order.items() if kind in held), None)
    if word is None:
        word = "Terminating" if obj["metadata"].get("deletionTimestamp") else "Running"
    took = ""
    if status.get("startTime"):
        end = parsed(status["completionTime"]) if status.get("completionTime") else now
        took = duration_text((end - parsed(status["startTime"])).total_seconds())
    images = _images(spec.get("template", {}))
    return [_name(obj), word, completions, took, age(obj, now), *images, selector_text(spec.get("selector"))]


def _cron_job(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    last = since(status["lastScheduleTime"], now) if status.get("lastScheduleTime") else NONE
    template = spec.get("jobTemplate", {}).get("spec", {}).get("template", {})
    return [
        _name(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        "True" if spec.get("suspend") else "False",
        len(status.get("active") or ()),
        last,
        age(obj, now),
        *_images(template),
        NONE,
    ]


def _budget(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    bounds = [str(spec.get(name, "N/A")) for name in ("minAvailable", "maxUnavailable")]
    return [_name(obj), *bounds, status.get("disruptionsAllowed", 0), age(obj, now)]


def _autoscaler(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    target = spec.get("scaleTargetRef", {})
    reference = f"{target.get('kind')}/{target.get('name')}"
    bounds = [str(spec.get("minReplicas", "<unset>")), spec.get("maxReplicas", 0)]
    metrics = ", ".join(_metric(item) for item in spec.get("metrics") or ()) or NONE
    return [_name(obj), reference, metrics, *bounds, status.get("currentReplicas", 0), age(obj, now)]


def _metric(metric: Obj) -> str:
    resource = metric.get("resource") or {}
    target = resource.get("target") or {}
    if "averageUtilization" in target:
        return f"{resource.get('name')}: <unknown>/{target['averageUtilization']}%"
    return f"<unknown>/{target.get('averageValue', '<auto>')}"


_IMAGES = "+Containers|+Images|+Selector"

COLUMNS: dict[str, Columns] = {
    "pods": ("Name|Ready|Status|Restarts|Age|+IP|+Node|+Nominated Node|+Readiness Gates", _pod),
    "deployments.apps": (f"Name|Ready|Up-to-date|Available|Age|{_IMAGES}", _deployment),
    "replicasets.apps": (f"Name|Desired|Current|Ready|Age|{_IMAGES}", _replicas),
    "replicationcontrollers": (f"Name|Desired|Current|Ready|Age|{_IMAGES}", _replicas),
    "statefulsets.apps": ("Name|Ready|Age|+Containers|+Images", _stateful_set),
    "daemonsets.apps": (
        f"Name|Desired|Current|Ready|Up-to-date|Available|Node Selector|Age|{_IMAGES}",
        _daemon_set,
    ),
    "jobs.batch": (f"Name|Status|Completions|Duration|Age|{_IMAGES}", _job),
    "cronjobs.batch": (f"Name|Schedule|Timezone|Suspend|Active|Last Schedule|Age|{_IMAGES}", _cron_job),
    "poddisruptionbudgets.policy": (
        "Name|Min Available|Max Unavailable|Allowed Disruptions|Age",
        _budget,
    ),
    "horizontalpodautoscalers.autoscaling": (
        "Name|Reference|Targets|MinPods|MaxPods|Replicas|Age",
        _autoscaler,
    ),
}
