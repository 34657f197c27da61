"""What lets nodes into a cluster: RBAC for `eks:node-manager`, and entries of `aws-auth`, as documents.

Source: reference, objects created (RBAC, node identity).
"""

from __future__ import annotations

from typing import Any

MANAGER = "eks:node-manager"
GROUPS = ("system:bootstrappers", "system:nodes")
NAMESPACE = "kube-system"
AWS_AUTH = "aws-auth"

_GROUP = "rbac.authorization.k8s.io"
_RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "delete"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
]


def rbac() -> dict[str, dict[str, Any]]:
    """Return the objects of `eks:node-manager` by resource, in the order in which to make them."""
    role = {"kind": "ClusterRole", "apiVersion": f"{_GROUP}/v1", "metadata": {"name": MANAGER}}
    binding = {
        **role,
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": MANAGER},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": MANAGER}],
    }
    return {"clusterroles": {**role, "rules": _RULES}, "clusterrolebindings": binding}


def aws_auth(map_roles: str) -> dict[str, Any]:
    """Return a new `aws-auth` with these roles."""
    metadata = {"name": AWS_AUTH, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mapRoles": map_roles}}


def with_role(map_roles: str, role_arn: str) -> str:
    """Return the YAML of `mapRoles` with an entry for the role; an entry that is there stays as it is."""
    if any(_names(block, role_arn) for block in _blocks(map_roles)):
        return map_roles
    return "".join(_blocks(map_roles)) + _entry(role_arn)


def without_role(map_roles: str, role_arn: str) -> str:
    """Return the YAML of `mapRoles` without the entries of the role."""
    return "".join(block for block in _blocks(map_roles) if not _names(block, role_arn))


def _entry(role_arn: str) -> str:
    groups = "".join(f"\n  - {group}" for group in GROUPS)
    return f"- groups:{groups}\n  rolearn: {role_arn}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n"


def _names(block: str, role_arn: str) -> bool:
    return any(line.strip(" -'\"").endswith(f"rolearn: {role_arn}") for line in block.splitlines())


def _blocks(text: str) -> list[str]:
    """Return the list items of the YAML as they are written, so that other people's stay as they are."""
    blocks: list[str] = []
    for line in text.splitlines(keepends=True):
        kept = line if line.endswith("\n") else line + "\n"
        if line.startswith("- ") or not blocks:
            if kept.strip() and kept.strip() != "[]":
                blocks.append(kept)
        else:
            blocks[-1] += kept
    return blocks
