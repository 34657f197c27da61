"""The resources an embedded cluster serves, with the names that clients use for them.

Read by the store, the API rules, discovery and OpenAPI. Pure data: knows no request and no object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object and where it is served."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    categories: tuple[str, ...] = ()
    storage: str = ""
    columns: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    list_kind: str = ""
    custom: bool = False

    @property
    def api_version(self) -> str:
        """Return the `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> str:
        """Return the name that stores and errors use, such as `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """Return the kind as refusals of invalid objects name it, such as `Deployment.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def stored_as(self) -> str:
        """Return the key its objects are stored under; differs where two groups share objects."""
        return self.storage or self.key


def _core(plural: str, kind: str, short: str = "", sub: str = "", categories: str = "") -> Resource:
    return _of("", "v1", plural, kind, short, sub, categories)


def _of(
    group: str, version: str, plural: str, kind: str, short: str = "", sub: str = "", more: str = ""
) -> Resource:
    words = more.split()
    return Resource(
        group=group,
        version=version,
        plural=plural,
        singular=kind.lower(),
        kind=kind,
        namespaced="cluster" not in words,
        short_names=tuple(short.split()),
        subresources=tuple(sub.split()),
        categories=tuple(word for word in words if word not in ("cluster", "event")),
        storage="events" if "event" in words else "",
    )


_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_STORAGE = "storage.k8s.io"

RESOURCES: tuple[Resource, ...] = (
    _core("configmaps", "ConfigMap", "cm"),
    _core("endpoints", "Endpoints", "ep"),
    _core("events", "Event", "ev"),
    _core("limitranges", "LimitRange", "limits"),
    _core("namespaces", "Namespace", "ns", "finalize status", "cluster"),
    _core("nodes", "Node", "no", "status", "cluster"),
    _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "status"),
    _core("persistentvolumes", "PersistentVolume", "pv", "status", "cluster"),
    _core("pods", "Pod", "po", "binding eviction log exec attach portforward status", "all"),
    _core("podtemplates", "PodTemplate"),
    _core("replicationcontrollers", "ReplicationController", "rc", "scale status", "all"),
    _core("resourcequotas", "ResourceQuota", "quota", "status"),
    _core("secrets", "Secret"),
    _core("serviceaccounts", "ServiceAccount", "sa"),
    _core("services", "Service", "svc", "status", "all"),
    _of("apps", "v1", "controllerrevisions", "ControllerRevision"),
    _of("apps", "v1", "daemonsets", "DaemonSet", "ds", "status", "all"),
    _of("apps", "v1", "deployments", "Deployment", "deploy", "scale status", "all"),
    _of("apps", "v1", "replicasets", "ReplicaSet", "rs", "scale status", "all"),
    _of("apps", "v1", "statefulsets", "StatefulSet", "sts", "scale status", "all"),
    _of("batch", "v1", "cronjobs", "CronJob", "cj", "status", "all"),
    _of("batch", "v1", "jobs", "Job", "", "status", "all"),
    _of("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", "status", "all"),
    _of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", "status"),
    _of("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc", "", "cluster"),
    _of("coordination.k8s.io", "v1", "leases", "Lease"),
    _of("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    _of("events.k8s.io", "v1", "events", "Event", "ev", "", "event"),
    _of("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", "status"),
    _of("networking.k8s.io", "v1", "ingressclasses", "IngressClass", "", "", "cluster"),
    _of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol"),
    _of(_STORAGE, "v1", "storageclasses", "StorageClass", "sc", "", "cluster"),
    _of(_STORAGE, "v1", "csinodes", "CSINode", "", "", "cluster"),
    _of(_STORAGE, "v1", "csidrivers", "CSIDriver", "", "", "cluster"),
    _of(_STORAGE, "v1", "csistoragecapacities", "CSIStorageCapacity"),
    _of(_STORAGE, "v1", "volumeattachments", "VolumeAttachment", "", "status", "cluster"),
    _of(_RBAC, "v1", "clusterroles", "ClusterRole", "", "", "cluster"),
    _of(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", "", "", "cluster"),
    _of(_RBAC, "v1", "roles", "Role"),
    _of(_RBAC, "v1", "rolebindings", "RoleBinding"),
    _of("certificates.k8s.io", "v1", "certificatesigningrequests", "CertificateSigningRequest", "csr",
        "approval status", "cluster"),
    _of(_ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "", "",
        "cluster api-extensions"),
    _of(_ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "", "",
        "cluster api-extensions"),
    _of("apiregistration.k8s.io", "v1", "apiservices", "APIService", "", "status", "cluster api-extensions"),
    _of("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "crd crds",
        "status", "cluster api-extensions"),
)  # fmt: skip

_BY_KEY = {resource.key: resource for resource in RESOURCES}


def find(group: str, plural: str) -> Resource | None:
    """Return a built-in resource by group ("" for core) and plural."""
    return _BY_KEY.get(f"{plural}.{group}" if group else plural)


def custom_resources(definition: dict[str, Any]) -> list[Resource]:
    """Return what a CustomResourceDefinition serves: one resource, at its storage version first."""
    spec = definition.get("spec", {})
    names = spec.get("names", {})
    served = [item for item in spec.get("versions", []) if item.get("served", True)]
    served.sort(key=lambda item: not item.get("storage", False))
    kind = str(names.get("kind", ""))
    return [
        Resource(
            group=str(spec.get("group", "")),
            version=str(item.get("name", "v1")),
            plural=str(names.get("plural", "")),
            singular=str(names.get("singular") or kind.lower()),
            kind=kind,
            namespaced=spec.get("scope") == "Namespaced",
            short_names=tuple(names.get("shortNames", [])),
            subresources=tuple(sorted(item.get("subresources") or {})),
            categories=tuple(names.get("categories", [])),
            columns=tuple(item.get("additionalPrinterColumns", [])),
            list_kind=str(names.get("listKind", "")),
            custom=True,
        )
        for item in served
    ]


class Registry:
    """The resources of one cluster: the built-in ones and those its CRDs add."""

    def __init__(self) -> None:
        self._custom: dict[str, list[Resource]] = {}

    def all(self) -> list[Resource]:
        """Return every served resource, one for each served version."""
        return [*RESOURCES, *(item for many in self._custom.values() for item in many)]

    def get(self, key: str) -> Resource | None:
        """Return the resource with this key, at its storage version."""
        if key in _BY_KEY:
            return _BY_KEY[key]
        many = self._custom.get(key)
        return many[0] if many else None

    def served(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at a path, None where nothing is served."""
        key = f"{plural}.{group}" if group else plural
        found = _BY_KEY.get(key)
        if found is not None:
            return found if found.version == version else None
        return next((item for item in self._custom.get(key, []) if item.version == version), None)

    def define(self, definition: dict[str, Any]) -> None:
        """Serve what a CustomResourceDefinition describes, from now on."""
        many = custom_resources(definition)
        if many and many[0].key not in _BY_KEY:
            self._custom[many[0].key] = many

    def undefine(self, key: str) -> None:
        """Stop serving a custom resource."""
        self._custom.pop(key, None)
