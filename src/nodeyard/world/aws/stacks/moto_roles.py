"""Roles of templates with their managed policies, which moto leaves out. On moto's thread only."""

from __future__ import annotations

from typing import Any

from moto.iam.models import Role, iam_backends
from moto.utilities.utils import get_partition


def apply() -> None:
    """Put ours in the place of moto's, once."""
    Role.create_from_cloudformation_json = classmethod(_create)  # type: ignore[arg-type]
    Role.update_from_cloudformation_json = classmethod(_update)
    Role.delete_from_cloudformation_json = classmethod(_delete)


_create_role = Role.create_from_cloudformation_json.__func__
_delete_role = Role.delete_from_cloudformation_json.__func__


def _create(
    cls: Any, resource_name: str, json: dict[str, Any], account: str, region: str, **more: Any
) -> Any:
    role = _create_role(cls, resource_name, json, account, region, **more)
    try:
        _attach(_backend(account, region), role, json["Properties"].get("ManagedPolicyArns") or [])
    except Exception:
        _delete(cls, role.name, json, account, region)  # half a role is none
        raise
    return role


def _update(
    cls: Any,
    original_resource: Any,
    new_resource_name: str,
    cloudformation_json: dict[str, Any],
    account_id: str,
    region_name: str,
) -> Any:
    backend, given, role = (
        _backend(account_id, region_name),
        cloudformation_json["Properties"],
        original_resource,
    )
    if given.get("RoleName", role.name) != role.name or given.get("Path", role.path) != role.path:
        new = _create(cls, new_resource_name, cloudformation_json, account_id, region_name)
        _delete(cls, role.name, cloudformation_json, account_id, region_name)
        return new
    role.description = given.get("Description", "")
    role.max_session_duration = given.get("MaxSessionDuration", 3600)
    _attach(backend, role, given.get("ManagedPolicyArns") or [])
    inline = {each["PolicyName"]: each["PolicyDocument"] for each in given.get("Policies") or ()}
    for name in [name for name in role.policies if name not in inline]:
        role.delete_policy(name)
    for name, document in inline.items():
        role.put_policy(name, document)
    return role


def _delete(cls: Any, resource_name: str, json: dict[str, Any], account: str, region: str) -> None:
    backend = _backend(account, region)
    if resource_name in {role.name for role in backend.roles.values()}:
        _attach(backend, backend.get_role(resource_name), [])
    _delete_role(cls, resource_name, json, account, region)


def _attach(backend: Any, role: Any, arns: list[str]) -> None:
    """Have a role hold exactly these managed policies."""
    for arn in [arn for arn in role.managed_policies if arn not in arns]:
        backend.detach_role_policy(arn, role.name)
    for arn in arns:
        backend.attach_role_policy(arn, role.name)


def _backend(account: str, region: str) -> Any:
    return iam_backends[account][get_partition(region)]
