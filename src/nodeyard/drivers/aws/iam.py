"""Roles and instance profiles of IAM, for `AwsCompute`."""

from __future__ import annotations

from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope
from nodeyard.ports import Conflict, LimitExceeded, NotFound, Role
from nodeyard.translation import aws as translate


class Identities:
    """The IAM calls: what the node role is, and the profile that carries it to instances."""

    _calls: Calls

    async def role(self, scope: Scope, arn: str) -> Role | None:
        """Return the role with exactly this ARN, None where the account has no such role."""
        name = _role_name(arn)
        try:
            found = await self._calls.call(scope, "iam", "get_role", RoleName=name)
            if found["Role"]["Arn"] != arn:
                return None  # same name under another path, or a role of another account
            attached = await self._calls.pages(
                scope, "iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name
            )
        except NotFound:
            return None
        return translate.role(found["Role"], attached)

    async def ensure_instance_profile(
        self, scope: Scope, name: str, role_arn: str, tags: dict[str, str]
    ) -> str:
        """Return the ARN of the profile, holding exactly this role."""
        profile = await self._profile(scope, name)
        if profile is None:
            profile = await self._make_profile(scope, name, tags)
        wanted = _role_name(role_arn)
        held = [role["RoleName"] for role in profile.get("Roles") or ()]
        for other in held:
            if other != wanted:
                await self._take_role_out(scope, name, other)
        if wanted not in held:
            await self._calls.until_seen(lambda: self._put_role_in(scope, name, wanted))
        return str(profile["Arn"])

    async def delete_instance_profile(self, scope: Scope, name: str) -> None:
        profile = await self._profile(scope, name)
        if profile is None:
            return
        for role in profile.get("Roles") or ():
            await self._take_role_out(scope, name, role["RoleName"])
        try:
            await self._calls.call(scope, "iam", "delete_instance_profile", InstanceProfileName=name)
        except NotFound:
            return

    async def _profile(self, scope: Scope, name: str) -> dict[str, Any] | None:
        try:
            found = await self._calls.call(scope, "iam", "get_instance_profile", InstanceProfileName=name)
        except NotFound:
            return None
        profile: dict[str, Any] = found["InstanceProfile"]
        return profile

    async def _make_profile(self, scope: Scope, name: str, tags: dict[str, str]) -> dict[str, Any]:
        try:
            made = await self._calls.call(
                scope,
                "iam",
                "create_instance_profile",
                InstanceProfileName=name,
                Tags=translate.tag_list(tags),
            )
        except Conflict:
            made = await self._calls.until_seen(
                lambda: self._calls.call(scope, "iam", "get_instance_profile", InstanceProfileName=name)
            )
        profile: dict[str, Any] = made["InstanceProfile"]
        return profile

    async def _put_role_in(self, scope: Scope, name: str, role: str) -> None:
        try:
            await self._calls.call(
                scope, "iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=role
            )
        except (Conflict, LimitExceeded):
            # A profile holds one role; if another worker put ours in, that is what we wanted.
            profile = await self._profile(scope, name)
            if role not in [held["RoleName"] for held in (profile or {}).get("Roles") or ()]:
                raise

    async def _take_role_out(self, scope: Scope, name: str, role: str) -> None:
        try:
            await self._calls.call(
                scope, "iam", "remove_role_from_instance_profile", InstanceProfileName=name, RoleName=role
            )
        except NotFound:
            return


def _role_name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
