"""What the API server refuses to store: wrong names, missing fields, changes of immutable fields.

Called by the API rules. Pure: returns causes, changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from nodeyard.world.kubernetes.errors import cause
from nodeyard.world.kubernetes.errors import required as _required
from nodeyard.world.kubernetes.errors import wrong as _wrong
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.validation_data import data_keys, priority_class
from nodeyard.world.kubernetes.validation_pods import LABEL, LABEL_RULE, out_of_range, pod_spec, unsupported

Obj = dict[str, Any]
Causes = list[dict[str, str]]

_QUALIFIED_MAX = 253 + 1 + 63
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_PART = re.compile(r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")

_DNS_LABEL_KINDS = frozenset({"Namespace", "Service"})
_PATH_NAME_KINDS = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_SERVICES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"})

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_NAME_PART = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName', or 'my.name', or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_KEY_RULE = f"name part {_NAME_PART}"
_KEY_SHAPE = (
    f"a valid label key {_NAME_PART} with an optional DNS subdomain prefix and '/' "
    + "(e.g. 'example.com/MyName')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'MyValue', or 'my_value', or '12345', regex used "
    "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_PERCENT_RULE = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex "
    "used for validation is '[0-9]+%')"
)
_NOT_NEGATIVE = "must be greater than or equal to 0"


def validate(obj: Obj) -> Causes:
    """Return what is wrong with an object about to be stored."""
    kind = obj.get("kind", "")
    causes = _metadata(obj.get("metadata", {}), kind)
    spec = obj.get("spec") or {}
    if kind == "Pod":
        causes += pod_spec(spec, "spec")
    elif kind in _WORKLOADS:
        causes += _workload(obj, spec)
    elif kind == "Job":
        causes += pod_spec(spec.get("template", {}).get("spec", {}), "spec.template.spec")
        causes += _job(spec)
    elif kind == "Service":
        causes += _service(spec)
    elif kind == "PriorityClass":
        causes += priority_class(obj)
    elif kind in ("ConfigMap", "Secret"):
        causes += data_keys(obj)
    elif kind == "Node":
        causes += _taints(spec.get("taints") or [])
    elif kind == "PodDisruptionBudget":
        causes += _budget(spec)
    elif kind == "CustomResourceDefinition":
        causes += _definition(obj, spec)
    return causes


def _metadata(metadata: Obj, kind: str) -> Causes:
    causes: Causes = []
    name = metadata.get("name")
    if not name:
        return [
            cause("metadata.name", "Required value: name or generateName is required", "FieldValueRequired")
        ]
    if kind in _PATH_NAME_KINDS:
        if "/" in name or "%" in name or name in (".", ".."):
            causes.append(_wrong("metadata.name", name, "may not contain '/' or '%'"))
    elif kind in _DNS_LABEL_KINDS:
        if len(name) > 63 or not LABEL.match(name):
            causes.append(_wrong("metadata.name", name, LABEL_RULE))
    elif len(name) > 253 or not _SUBDOMAIN.match(name):
        causes.append(_wrong("metadata.name", name, _SUBDOMAIN_RULE))
    for key, value in (metadata.get("labels") or {}).items():
        causes += _label(key, value, "metadata.labels")
    for key in metadata.get("annotations") or {}:
        if not _qualified(key):
            causes.append(_wrong("metadata.annotations", key, "must be a qualified name"))
    return causes


def _qualified(key: str) -> bool:
    return len(key) <= _QUALIFIED_MAX and _is_qualified(key)


@lru_cache(maxsize=4_000)
def _is_qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > 253 or not _SUBDOMAIN.match(prefix.lower())):
        return False
    return len(name) <= 63 and bool(_PART.match(name))


def _label(key: str, value: Any, field: str) -> Causes:
    causes: Causes = []
    if not _qualified(key):
        causes.append(_wrong(field, key, _KEY_SHAPE if key.count("/") > 1 else _KEY_RULE))
    if not isinstance(value, str):
        causes.append(_wrong(field, value, "must be a string"))
    elif len(value) > 63:
        causes.append(_wrong(field, value, "must be no more than 63 bytes"))
    elif value and not _PART.match(value):
        causes.append(_wrong(field, value, _VALUE_RULE))
    return causes


def _service(spec: Obj) -> Causes:
    ports = spec.get("ports") or []
    causes: Causes = []
    for number, port in enumerate(ports):
        causes += out_of_range(port.get("port", 0), f"spec.ports[{number}].port")
    for number, port in enumerate(ports):
        if isinstance(port.get("targetPort"), int):
            causes += out_of_range(port["targetPort"], f"spec.ports[{number}].targetPort")
    if spec.get("type", "ClusterIP") not in _SERVICES:
        causes.append(unsupported("spec.type", spec["type"], _SERVICES))
    return causes


def _workload(obj: Obj, spec: Obj) -> Causes:
    template = spec.get("template") or {}
    causes: Causes = []
    labels = (template.get("metadata") or {}).get("labels") or {}
    selector = spec.get("selector")
    if obj["kind"] == "ReplicationController":
        selector = {"matchLabels": selector or {}}
    if not selector:
        causes.append(_required("spec.selector"))
    elif not selector_match(selector, labels):
        text = "`selector` does not match template `labels`"
        causes.append(_wrong("spec.template.metadata.labels", labels, text))
    stateful = obj["kind"] == "StatefulSet"
    causes += pod_spec(template.get("spec") or {}, "spec.template.spec", claims=stateful)
    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        causes.append(_wrong("spec.replicas", replicas, _NOT_NEGATIVE))
    return causes


def _job(spec: Obj) -> Causes:
    policy = spec.get("template", {}).get("spec", {}).get("restartPolicy")
    if policy in ("OnFailure", "Never"):
        return []
    field = "spec.template.spec.restartPolicy"
    text = 'Required value: valid values: "OnFailure", "Never"'
    return [cause(field, text, "FieldValueRequired")]


def _taints(taints: list[Obj]) -> Causes:
    causes: Causes = []
    seen: set[tuple[str, str]] = set()
    for number, taint in enumerate(taints):
        place = f"metadata.taints[{number}]"
        key, effect = taint.get("key", ""), taint.get("effect", "")
        if not _qualified(key):
            causes.append(_wrong(f"{place}.key", key, "must be a qualified name"))
        if effect not in _EFFECTS:
            causes.append(unsupported(f"{place}.effect", effect, _EFFECTS))
        if (key, effect) in seen:
            text = "taints must be unique by key and effect pair"
            causes.append(cause(place, f'Duplicate value: "{key}:{effect}": {text}', "FieldValueDuplicate"))
        seen.add((key, effect))
    return causes


_GO_ORDER = ("minAvailable", "selector", "maxUnavailable", "unhealthyPodEvictionPolicy")
"""A budget is told as Go shows one, with capitals."""


def _budget(spec: Obj) -> Causes:
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        shown = {name[0].upper() + name[1:]: spec.get(name) for name in _GO_ORDER}
        text = "minAvailable and maxUnavailable cannot be both set"
        return [_wrong("spec", shown, text)]
    causes: Causes = []
    for name in ("minAvailable", "maxUnavailable"):
        value = spec.get(name)
        if value is None:
            continue
        text = str(value)
        if isinstance(value, int):
            causes += [_wrong(f"spec.{name}", value, _NOT_NEGATIVE)] if value < 0 else []
        elif not re.fullmatch(r"\d+%", text):
            causes.append(_wrong(f"spec.{name}", value, _PERCENT_RULE))
        elif int(text[:-1]) > 100:
            causes.append(_wrong(f"spec.{name}", value, "must not be greater than 100%"))
    if spec.get("unhealthyPodEvictionPolicy") not in (None, "IfHealthyBudget", "AlwaysAllow"):
        value, among = spec["unhealthyPodEvictionPolicy"], ("AlwaysAllow", "IfHealthyBudget")
        causes.append(unsupported("spec.unhealthyPodEvictionPolicy", value, among))
    return causes


def _definition(obj: Obj, spec: Obj) -> Causes:
    names = spec.get("names") or {}
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    causes = [_required(f"spec.{name}") for name in ("group", "scope", "versions") if not spec.get(name)]
    causes += [_required(f"spec.names.{name}") for name in ("plural", "kind") if not names.get(name)]
    if not causes and obj["metadata"]["name"] != wanted:
        text = 'must be spec.names.plural+"."+spec.group'
        causes.append(_wrong("metadata.name", obj["metadata"]["name"], text))
    return causes


# --- updates ---

_MUTABLE_POD_SPEC = (
    "activeDeadlineSeconds",
    "tolerations",
    "terminationGracePeriodSeconds",
    "schedulingGates",
)
_IMMUTABLE: dict[str, tuple[str, ...]] = {
    "Deployment": ("selector",),
    "ReplicaSet": ("selector",),
    "DaemonSet": ("selector",),
    "Job": ("selector", "template", "completions"),
    "PersistentVolumeClaim": ("storageClassName",),
}
_STATEFUL_MUTABLE = frozenset(
    {"replicas", "ordinals", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy"}
    | {"minReadySeconds", "revisionHistoryLimit"}
)


def validate_update(old: Obj, new: Obj) -> Causes:
    """Return what a change of an object must not change."""
    kind = new.get("kind", "")
    was, now = old.get("spec") or {}, new.get("spec") or {}
    causes: Causes = []
    if kind == "Pod" and _frozen_pod(was) != _frozen_pod(now):
        causes.append(
            cause(
                "spec",
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
                "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
                "to 1 if it was previously negative)",
                "FieldValueForbidden",
            )
        )
    for name in _IMMUTABLE.get(kind, ()):
        if was.get(name) != now.get(name):
            causes.append(_wrong(f"spec.{name}", now.get(name), "field is immutable"))
    if kind == "StatefulSet" and was.get("serviceName") != now.get("serviceName"):
        causes.append(_wrong("spec.serviceName", now.get("serviceName", ""), "field is immutable"))
    elif kind == "StatefulSet":
        changed = {key for key in {*was, *now} if was.get(key) != now.get(key)}
        if changed - _STATEFUL_MUTABLE:
            text = (
                "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                "'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
                "are forbidden"
            )
            causes.append(cause("spec", text, "FieldValueForbidden"))
    if kind in ("Secret", "ConfigMap") and old.get("immutable"):
        for name in ("data", "binaryData"):
            if old.get(name) != new.get(name):
                text = "Forbidden: field is immutable when `immutable` is set"
                causes.append(cause(name, text, "FieldValueForbidden"))
    if kind in ("RoleBinding", "ClusterRoleBinding") and old.get("roleRef") != new.get("roleRef"):
        causes.append(_wrong("roleRef", new.get("roleRef"), "cannot change roleRef"))
    return causes


def _frozen_pod(spec: Obj) -> Obj:
    frozen = {key: value for key, value in spec.items() if key not in _MUTABLE_POD_SPEC}
    for name in ("containers", "initContainers"):
        if name in frozen:
            frozen[name] = [{**one, "image": "", "imagePullPolicy": ""} for one in frozen[name]]
    return frozen
