"""Let node groups in: RBAC for `eks:node-manager` and the node role's entry in `aws-auth`.

Source: reference, objects created (RBAC, node identity).
"""

from __future__ import annotations

from typing import Any

from nodeyard.drivers.kubernetes.client import Client, error_of
from nodeyard.ports import Conflict, NotFound

MANAGER = "eks:node-manager"
AWS_AUTH = "/api/v1/namespaces/kube-system/configmaps"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUPS = ("system:bootstrappers", "system:nodes")
_TRIES = 5

_RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch", "delete"]},
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch", "patch"]},
    {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
]


async def ensure(client: Client, role_arn: str) -> None:
    """Make what is missing; another writer's changes to aws-auth are kept."""
    meta = {"name": MANAGER}
    role = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": meta}
    binding = {
        **role,
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": MANAGER},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": MANAGER}],
    }
    await _make(client, f"{RBAC}/clusterroles", {**role, "rules": _RULES})
    await _make(client, f"{RBAC}/clusterrolebindings", binding)
    await _edit(client, lambda text: _with(text, role_arn))


async def remove(client: Client, role_arn: str) -> None:
    """Take the role's entry out of aws-auth."""
    await _edit(client, lambda text: _without(text, role_arn), create=False)


async def _make(client: Client, path: str, obj: dict[str, Any]) -> None:
    answer = await client.ask("POST", path, body=obj)
    if answer.status >= 300 and answer.status != 409:
        raise error_of(answer, f"create {obj['kind']} {MANAGER}")


async def _edit(client: Client, change: Any, *, create: bool = True) -> None:
    for _ in range(_TRIES):
        try:
            found = await client.call("GET", f"{AWS_AUTH}/aws-auth")
        except NotFound:
            if not create:
                return
            meta = {"name": "aws-auth", "namespace": "kube-system"}
            obj = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": meta,
                "data": {"mapRoles": change("")},
            }
            answer = await client.ask("POST", AWS_AUTH, body=obj)
            if answer.status == 409:
                continue
            if answer.status >= 300:
                raise error_of(answer, "create ConfigMap aws-auth") from None
            return
        data = found.get("data") or {}
        before = data.get("mapRoles", "")
        after = change(before)
        if after == before:
            return
        found["data"] = data | {"mapRoles": after}
        answer = await client.ask("PUT", f"{AWS_AUTH}/aws-auth", body=found)
        if answer.status < 300:
            return
        if answer.status != 409:
            raise error_of(answer, "update ConfigMap aws-auth")
    raise Conflict("ConfigMap kube-system/aws-auth keeps changing: the node role was not entered")


def _entry(role_arn: str) -> str:
    groups = "".join(f"\n  - {group}" for group in GROUPS)
    return f"- groups:{groups}\n  rolearn: {role_arn}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n"


def _with(text: str, role_arn: str) -> str:
    if any(_names(block, role_arn) for block in _blocks(text)):
        return text
    return "".join(_blocks(text)) + _entry(role_arn)


def _without(text: str, role_arn: str) -> str:
    return "".join(block for block in _blocks(text) if not _names(block, role_arn))


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
