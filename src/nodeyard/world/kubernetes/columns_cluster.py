"""The columns `kubectl get` shows for nodes, namespaces, networking, storage and access objects.

Read by `tables`. Pure: an object and an instant in, cells out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from nodeyard.world.kubernetes.columns_workloads import NONE, Columns, age, labels_text, selector_text, since

Obj = dict[str, Any]
Cells = list[Any]

_ROLE = "node-role.kubernetes.io/"


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _node(node: Obj, now: datetime) -> Cells:
    status, labels = node.get("status", {}), node["metadata"].get("labels") or {}
    ready = next((c for c in status.get("conditions") or () if c.get("type") == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"]
    if node.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    roles = {key[len(_ROLE) :] for key in labels if key.startswith(_ROLE)}
    roles |= {labels["kubernetes.io/role"]} if labels.get("kubernetes.io/role") else set()
    info = status.get("nodeInfo") or {}
    addresses = {item.get("type"): item.get("address") for item in reversed(status.get("addresses") or ())}
    return [
        _name(node),
        ",".join(words),
        ",".join(sorted(role for role in roles if role)) or NONE,
        age(node, now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP") or NONE,
        addresses.get("ExternalIP") or NONE,
        info.get("osImage") or "<unknown>",
        _kernel(info),
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def _kernel(info: Obj) -> str:
    kernel = info.get("kernelVersion")
    if not kernel:
        return "<unknown>"
    return f"{kernel} ({info['architecture']})" if info.get("architecture") else str(kernel)


def _namespace(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), obj.get("status", {}).get("phase", ""), age(obj, now)]


def _config_map(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), age(obj, now)]


def _secret(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), obj.get("type", ""), len(obj.get("data") or {}), age(obj, now)]


def _service(obj: Obj, now: datetime) -> Cells:
    spec = obj.get("spec", {})
    ports = []
    for port in spec.get("ports") or ():
        text = f"{port.get('port')}:{port['nodePort']}" if port.get("nodePort") else f"{port.get('port')}"
        ports.append(f"{text}/{port.get('protocol', 'TCP')}")
    entries = (obj.get("status", {}).get("loadBalancer") or {}).get("ingress") or ()
    outside = ",".join(item.get("hostname") or item.get("ip", "") for item in entries)
    if spec.get("type") == "LoadBalancer":
        outside = outside or "<pending>"
    elif spec.get("type") == "ExternalName":
        outside = spec.get("externalName", "")
    outside = outside or ",".join(spec.get("externalIPs") or ()) or NONE
    cluster_ip = spec.get("clusterIP") or NONE
    cells = [_name(obj), spec.get("type", "ClusterIP"), cluster_ip, outside, ",".join(ports) or NONE]
    return [*cells, age(obj, now), labels_text(spec.get("selector"))]


def _endpoints(obj: Obj, now: datetime) -> Cells:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [_name(obj), ",".join(found[:3]) + more or NONE, age(obj, now)]


def _slice(obj: Obj, now: datetime) -> Cells:
    ports = ",".join(str(item.get("port")) for item in obj.get("ports") or ()) or "<unset>"
    found = [one for item in obj.get("endpoints") or () for one in item.get("addresses") or ()]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    shown = ",".join(found[:3]) + more or "<unset>"
    return [_name(obj), obj.get("addressType", ""), ports, shown, age(obj, now)]


def _service_account(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), age(obj, now)]


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: Any) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes or ())


def _volume(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    claim = spec.get("claimRef") or {}
    return [
        _name(obj),
        (spec.get("capacity") or {}).get("storage", ""),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        status.get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim.get("name") else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _claim(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    return [
        _name(obj),
        status.get("phase", ""),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", ""),
        _modes(status.get("accessModes")),
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or "<unset>",
        age(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _event(obj: Obj, now: datetime) -> Cells:
    involved, source = obj.get("involvedObject") or {}, obj.get("source") or {}
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    last = (obj.get("series") or {}).get("lastObservedTime") or obj.get("lastTimestamp") or first
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host")
    return [
        since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        str(obj.get("message", "")).strip(),
        since(first, now),
        (obj.get("series") or {}).get("count") or obj.get("count") or 1,
        _name(obj),
    ]


def _priority_class(obj: Obj, now: datetime) -> Cells:
    globally = str(bool(obj.get("globalDefault"))).lower()
    policy = obj.get("preemptionPolicy") or "PreemptLowerPriority"
    return [_name(obj), obj.get("value", 0), globally, age(obj, now), policy]


def _lease(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), obj.get("spec", {}).get("holderIdentity", ""), age(obj, now)]


def _storage_class(obj: Obj, now: datetime) -> Cells:
    chosen = (obj["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class")
    name = _name(obj) + (" (default)" if chosen == "true" else "")
    binding = obj.get("volumeBindingMode") or "Immediate"
    grows = str(bool(obj.get("allowVolumeExpansion"))).lower()
    return [name, obj.get("provisioner"), obj.get("reclaimPolicy") or "Delete", binding, grows, age(obj, now)]


def _csi_node(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), len(obj.get("spec", {}).get("drivers") or ()), age(obj, now)]


def _attachment(obj: Obj, now: datetime) -> Cells:
    spec = obj.get("spec", {})
    volume = (spec.get("source") or {}).get("persistentVolumeName", "")
    attached = str(bool(obj.get("status", {}).get("attached"))).lower()
    return [_name(obj), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, age(obj, now)]


def _created(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), obj["metadata"].get("creationTimestamp", "")]


def _binding(obj: Obj, now: datetime) -> Cells:
    role = obj.get("roleRef") or {}
    subjects = obj.get("subjects") or ()

    def named(kind: str) -> str:
        return ", ".join(item.get("name", "") for item in subjects if item.get("kind") == kind)

    accounts = [item for item in subjects if item.get("kind") == "ServiceAccount"]
    listed = ", ".join(f"{item.get('namespace')}/{item.get('name')}" for item in accounts)
    return [
        _name(obj),
        f"{role.get('kind')}/{role.get('name')}",
        age(obj, now),
        named("User"),
        named("Group"),
        listed,
    ]


def _network_policy(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), selector_text(obj.get("spec", {}).get("podSelector")), age(obj, now)]


def _ingress(obj: Obj, now: datetime) -> Cells:
    spec = obj.get("spec", {})
    hosts = ",".join(rule.get("host", "*") for rule in spec.get("rules") or ()) or "*"
    entries = (obj.get("status", {}).get("loadBalancer") or {}).get("ingress") or ()
    address = ",".join(item.get("hostname") or item.get("ip", "") for item in entries)
    ports = "80, 443" if spec.get("tls") else "80"
    return [_name(obj), spec.get("ingressClassName") or NONE, hosts, address, ports, age(obj, now)]


def _signing_request(obj: Obj, now: datetime) -> Cells:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    words = [item.get("type", "") for item in status.get("conditions") or ()]
    if status.get("certificate"):
        words.append("Issued")
    length = f"{spec['expirationSeconds']}s" if spec.get("expirationSeconds") else NONE
    cells = [_name(obj), age(obj, now), spec.get("signerName", ""), spec.get("username", ""), length]
    return [*cells, ",".join(words) or "Pending"]


def _webhooks(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), len(obj.get("webhooks") or ()), age(obj, now)]


def _api_service(obj: Obj, now: datetime) -> Cells:
    service = obj.get("spec", {}).get("service")
    where = f"{service.get('namespace')}/{service.get('name')}" if service else "Local"
    conditions = obj.get("status", {}).get("conditions") or ()
    available = next((c.get("status") for c in conditions if c.get("type") == "Available"), "Unknown")
    return [_name(obj), where, available, age(obj, now)]


def _revision(obj: Obj, now: datetime) -> Cells:
    owners = obj["metadata"].get("ownerReferences") or ()
    owner = next((item for item in owners if item.get("controller")), None)
    shown = NONE
    if owner:
        group = str(owner.get("apiVersion", "")).partition("/")[0]
        shown = f"{owner['kind'].lower()}.{group}/{owner['name']}"
    return [_name(obj), shown, obj.get("revision", 0), age(obj, now)]


def _quota(obj: Obj, now: datetime) -> Cells:
    status = obj.get("status", {})
    hard = status.get("hard") or obj.get("spec", {}).get("hard") or {}
    used = status.get("used") or {}
    shown = {name: f"{name}: {used.get(name, 0)}/{amount}" for name, amount in sorted(hard.items())}
    limits = ", ".join(text for name, text in shown.items() if name.startswith("limits."))
    requests = ", ".join(text for name, text in shown.items() if not name.startswith("limits."))
    return [_name(obj), requests, limits, age(obj, now)]


def _plain(obj: Obj, now: datetime) -> Cells:
    return [_name(obj), age(obj, now)]


_ACCESS = "Name|Role|Age|+Users|+Groups|+ServiceAccounts"
_RBAC = "rbac.authorization.k8s.io"
_PLACED = "Name|AddressType|Ports|Endpoints|Age"
_SEEN = "Last Seen|Type|Reason|Object|+Subobject|+Source|Message|+First Seen|+Count|+Name"
_PV = "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age"
_PVC = "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|+VolumeMode"

COLUMNS: dict[str, tuple[str, Callable[[Obj, datetime], Cells]]] = {
    "nodes": (
        "Name|Status|Roles|Age|Version|+Internal-IP|+External-IP|+OS-Image|+Kernel-Version|+Container-Runtime",
        _node,
    ),
    "namespaces": ("Name|Status|Age", _namespace),
    "configmaps": ("Name|Data|Age", _config_map),
    "secrets": ("Name|Type|Data|Age", _secret),
    "services": ("Name|Type|Cluster-IP|External-IP|Port(s)|Age|+Selector", _service),
    "endpoints": ("Name|Endpoints|Age", _endpoints),
    "endpointslices.discovery.k8s.io": (_PLACED, _slice),
    "serviceaccounts": ("Name|Age", _service_account),
    "persistentvolumes": (f"{_PV}|+VolumeMode", _volume),
    "persistentvolumeclaims": (_PVC, _claim),
    "events": (_SEEN, _event),
    "events.events.k8s.io": (_SEEN, _event),
    "priorityclasses.scheduling.k8s.io": ("Name|Value|Global-Default|Age|PreemptionPolicy", _priority_class),
    "leases.coordination.k8s.io": ("Name|Holder|Age", _lease),
    "storageclasses.storage.k8s.io": (
        "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
        _storage_class,
    ),
    "csinodes.storage.k8s.io": ("Name|Drivers|Age", _csi_node),
    "volumeattachments.storage.k8s.io": ("Name|Attacher|PV|Node|Attached|Age", _attachment),
    f"roles.{_RBAC}": ("Name|Created At", _created),
    f"clusterroles.{_RBAC}": ("Name|Created At", _created),
    f"rolebindings.{_RBAC}": (_ACCESS, _binding),
    f"clusterrolebindings.{_RBAC}": (_ACCESS, _binding),
    "networkpolicies.networking.k8s.io": ("Name|Pod-Selector|Age", _network_policy),
    "ingresses.networking.k8s.io": ("Name|Class|Hosts|Address|Ports|Age", _ingress),
    "certificatesigningrequests.certificates.k8s.io": (
        "Name|Age|SignerName|Requestor|RequestedDuration|Condition",
        _signing_request,
    ),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": ("Name|Webhooks|Age", _webhooks),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": ("Name|Webhooks|Age", _webhooks),
    "apiservices.apiregistration.k8s.io": ("Name|Service|Available|Age", _api_service),
    "customresourcedefinitions.apiextensions.k8s.io": ("Name|Created At", _created),
    "resourcequotas": ("Name|Request|Limit|Age", _quota),
    "limitranges": ("Name|Created At", _created),
    "controllerrevisions.apps": ("Name|Controller|Revision|Age", _revision),
}

PLAIN: Columns = ("Name|Age", _plain)
