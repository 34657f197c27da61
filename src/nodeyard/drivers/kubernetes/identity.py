"""Let node groups in: RBAC for `eks:node-manager` and the node role's entry in `aws-auth`.

Source: reference, objects created (RBAC, node identity).
"""

from __future__ import annotations

from typing import Any

from nodeyard.drivers.kubernetes.client import Client, error_of
from nodeyard.ports import Conflict, NotFound
from nodeyard.translation import node_identity

CONFIG_MAPS = f"/api/v1/namespaces/{node_identity.NAMESPACE}/configmaps"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
_TRIES = 5


async def ensure(client: Client, role_arn: str, *, create: bool = True) -> None:
    """Make what is missing; another writer's changes to aws-auth are kept.

    Without `create` the role is entered into an aws-auth that is there, and nothing else is touched.
    """
    for resource, obj in node_identity.rbac().items() if create else ():
        await _make(client, f"{RBAC}/{resource}", obj)
    await _edit(client, lambda text: node_identity.with_role(text, role_arn), create=create)


async def remove(client: Client, role_arn: str) -> None:
    """Take the role's entry out of aws-auth."""
    await _edit(client, lambda text: node_identity.without_role(text, role_arn), create=False)


async def _make(client: Client, path: str, obj: dict[str, Any]) -> None:
    answer = await client.ask("POST", path, body=obj)
    if answer.status >= 300 and answer.status != 409:
        raise error_of(answer, f"create {obj['kind']} {node_identity.MANAGER}")


async def _edit(client: Client, change: Any, *, create: bool = True) -> None:
    path = f"{CONFIG_MAPS}/{node_identity.AWS_AUTH}"
    for _ in range(_TRIES):
        try:
            found = await client.call("GET", path)
        except NotFound:
            if not create:
                return
            answer = await client.ask("POST", CONFIG_MAPS, body=node_identity.aws_auth(change("")))
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
        answer = await client.ask("PUT", path, body=found)
        if answer.status < 300:
            return
        if answer.status != 409:
            raise error_of(answer, "update ConfigMap aws-auth")
    raise Conflict("ConfigMap kube-system/aws-auth keeps changing: the node role was not entered")
