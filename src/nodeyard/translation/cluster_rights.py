"""What Nodeyard may do in a cluster that is attached: the rules, and the manifest that grants them.

A rule is here because a driver uses it, and a driver uses nothing that is not here; a test on a real
control plane holds both ways. Nothing is here that needs `escalate` or `bind`: who applies the manifest
grants what it says, and Nodeyard can grant nothing to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nodeyard.translation import node_identity

NAME = "nodeyard"
_GROUP = "rbac.authorization.k8s.io"
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource, or a part of it (`pods/eviction`); `namespace` and `name` narrow it."""

    verb: str
    group: str
    resource: str
    namespace: str | None = None
    name: str | None = None

    @property
    def words(self) -> str:
        """The right as kubectl would spell it."""
        where = f" {self.name} in {self.namespace}" if self.name else ""
        return f"{self.verb} {self.resource}{where}"


_RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("nodes",), ("list", "watch", "patch", "delete")),
    ("", ("pods",), ("list", "watch", "delete")),
    ("", ("pods/eviction",), ("create",)),
    ("policy", ("poddisruptionbudgets",), ("list", "watch")),
)
_READ_FOR_REHEARSALS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("namespaces", "persistentvolumeclaims", "persistentvolumes", "events"), ("list",)),
    ("apps", ("deployments", "replicasets", "statefulsets", "daemonsets"), ("list",)),
    ("batch", ("jobs",), ("list",)),
    ("scheduling.k8s.io", ("priorityclasses",), ("list",)),
    ("storage.k8s.io", ("storageclasses",), ("list",)),
)
"""Without these the insights of a node group say less, and everything else works."""
_AWS_AUTH = ("get", "update")
"""On the ConfigMap that lets nodes into clusters of EKS; where there is none, none is made."""


def needed() -> tuple[Right, ...]:
    """Return what node groups do not work without."""
    return tuple(_rights(_RULES))


def rights() -> frozenset[Right]:
    """Return everything that the manifest grants."""
    names = node_identity.NAMESPACE, node_identity.AWS_AUTH
    auth = (Right(verb, "", "configmaps", *names) for verb in _AWS_AUTH)
    return frozenset((*_rights(_RULES), *_rights(_READ_FOR_REHEARSALS), *auth))


def _rights(rules: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]) -> Iterator[Right]:
    for group, resources, verbs in rules:
        for resource in resources:
            for verb in verbs:
                yield Right(verb, group, resource)


def manifest(namespace: str) -> list[Doc]:
    """Return the objects to apply: a service account with a token, and exactly these rights."""
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": namespace}
    rules = [_rule(*each) for each in (*_RULES, *_READ_FOR_REHEARSALS)]
    auth = _rule("", ("configmaps",), _AWS_AUTH) | {"resourceNames": [node_identity.AWS_AUTH]}
    system = node_identity.NAMESPACE
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _named(namespace)},
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": _named(namespace) | {"annotations": {"kubernetes.io/service-account.name": NAME}},
            "type": "kubernetes.io/service-account-token",
        },
        _object("ClusterRole", None, {"rules": rules}),
        _object("ClusterRoleBinding", None, _binding("ClusterRole", account)),
        _object("Role", system, {"rules": [auth]}),
        _object("RoleBinding", system, _binding("Role", account)),
    ]


def _rule(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> Doc:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def _object(kind: str, namespace: str | None, members: Doc) -> Doc:
    return {"apiVersion": f"{_GROUP}/v1", "kind": kind, "metadata": _named(namespace), **members}


def _named(namespace: str | None) -> Doc:
    return {"name": NAME} | ({"namespace": namespace} if namespace else {})


def _binding(kind: str, account: Doc) -> Doc:
    return {"roleRef": {"apiGroup": _GROUP, "kind": kind, "name": NAME}, "subjects": [account]}


def review(right: Right) -> Doc:
    """Return the question whether one has a right."""
    resource, _, part = right.resource.partition("/")
    attributes = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": part or None,
        "namespace": right.namespace,
        "name": right.name,
    }
    given = {name: value for name, value in attributes.items() if value is not None}
    kind = "SelfSubjectAccessReview"
    return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": {"resourceAttributes": given}}
