"""Launch templates, instance types and AMI parameters, for `AwsCompute`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodeyard.drivers.aws.calls import Calls, member
from nodeyard.model.scope import Scope
from nodeyard.ports import Conflict, NotFound, TemplateRequest, TemplateVersion
from nodeyard.translation import aws as translate


class Templates:
    """The EC2 and SSM calls about what an instance is made from.

    The caller's token is sent as client token and also kept as the version's description:
    EC2 forgets client tokens after a while, a description stays as long as its version.
    """

    _calls: Calls

    async def template(
        self, scope: Scope, *, id: str | None, name: str | None, version: str | None
    ) -> TemplateVersion | None:
        """Return one version; None as version means the default version."""
        which = {"LaunchTemplateId": id} if id is not None else {"LaunchTemplateName": name}
        try:
            found = await self._calls.call(
                scope,
                "ec2",
                "describe_launch_template_versions",
                Versions=[version or "$Default"],
                **which,
            )
        except NotFound:
            return None
        versions = found.get("LaunchTemplateVersions") or ()
        return translate.template_version(versions[0]) if versions else None

    async def offered_types(self, scope: Scope, types: Sequence[str]) -> frozenset[str]:
        """Return those of `types` that the Region offers."""
        if not types:
            return frozenset()
        found = await self._calls.pages(
            scope,
            "ec2",
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="region",
            Filters=[{"Name": "instance-type", "Values": sorted(set(types))}],
        )
        return frozenset(one["InstanceType"] for one in found) & frozenset(types)

    async def image_of_release(self, scope: Scope, parameter: str) -> str | None:
        """Return the value of an SSM public parameter, None where it does not exist."""
        try:
            found = await self._calls.call(scope, "ssm", "get_parameter", Name=parameter)
        except NotFound:
            return None
        return str(member(found, "Parameter", "GetParameter")["Value"])

    async def ensure_template(self, scope: Scope, request: TemplateRequest) -> tuple[str, str]:
        """Return (id, default version) of the template by that name, making it if absent."""
        found = await self._template_named(scope, request.name)
        if found is None:
            found = await self._make_template(scope, request)
        return str(found["LaunchTemplateId"]), str(found["DefaultVersionNumber"])

    async def add_template_version(
        self, scope: Scope, template_id: str, data: dict[str, Any], token: str
    ) -> str:
        """Return the version number as text; the same token never makes a second version."""
        versions = await self._calls.pages(
            scope,
            "ec2",
            "describe_launch_template_versions",
            "LaunchTemplateVersions",
            LaunchTemplateId=template_id,
        )
        for version in versions:
            if version.get("VersionDescription") == token:
                return str(version["VersionNumber"])
        made = await self._calls.call(
            scope,
            "ec2",
            "create_launch_template_version",
            ClientToken=token,
            LaunchTemplateId=template_id,
            VersionDescription=token,
            LaunchTemplateData=data,
        )
        return str(made["LaunchTemplateVersion"]["VersionNumber"])

    async def delete_template(self, scope: Scope, name: str) -> None:
        try:
            await self._calls.call(scope, "ec2", "delete_launch_template", LaunchTemplateName=name)
        except NotFound:
            return

    async def _template_named(self, scope: Scope, name: str) -> dict[str, Any] | None:
        # By filter: asked by name, EC2 refuses the call when there is none.
        found = await self._calls.pages(
            scope,
            "ec2",
            "describe_launch_templates",
            "LaunchTemplates",
            Filters=[{"Name": "launch-template-name", "Values": [name]}],
        )
        return found[0] if found else None

    async def _make_template(self, scope: Scope, request: TemplateRequest) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if request.tags:
            extra["TagSpecifications"] = [
                {"ResourceType": "launch-template", "Tags": translate.tag_list(request.tags)}
            ]
        try:
            made = await self._calls.call(
                scope,
                "ec2",
                "create_launch_template",
                ClientToken=request.token,
                LaunchTemplateName=request.name,
                VersionDescription=request.token,
                LaunchTemplateData=request.data,
                **extra,
            )
        except Conflict:
            found = await self._template_named(scope, request.name)
            if found is None:
                raise
            return found
        template: dict[str, Any] = made["LaunchTemplate"]
        return template
