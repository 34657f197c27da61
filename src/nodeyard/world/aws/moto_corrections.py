"""Where moto is not EC2, or too slow for a thousand instances: replaced here, once, when it is loaded.

Called by `moto_state`. Each replacement says what moto does; nothing else changes moto's inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    InvalidLaunchTemplateIdNotFound,
    InvalidLaunchTemplateVersionNotFound,
    MissingParameterError,
)
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, InstanceTypeOfferingBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.launch_templates import (
    LaunchTemplate,
    LaunchTemplateBackend,
    LaunchTemplateVersion,
)
from moto.ec2.responses import EC2Response
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data

from nodeyard.catalog.instances import instance_types
from nodeyard.world.aws import capacity_reservations

ALL = 10_000
"""moto shows 15 templates or versions and says nothing of the others; here all are on one page."""

_KINDS = {
    "i": "instance",
    "vol": "volume",
    "sg": "security-group",
    "eni": "network-interface",
    "lt": "launch-template",
    "ami": "image",
}

_describe_images = AmiBackend.describe_images
_create_version = LaunchTemplate.create_version
_templates = LaunchTemplateBackend.describe_launch_templates
_describe_templates = LaunchTemplates.describe_launch_templates
_describe_versions = LaunchTemplates.describe_launch_template_versions
_run_instances = InstanceBackend.run_instances
_offerings = InstanceTypeOfferingBackend.describe_instance_type_offerings


def apply() -> None:
    """Put every replacement in place; again and again changes nothing."""
    TaggedEC2Resource.get_tags = _tags_of_one
    AmiBackend.describe_images = _images
    LaunchTemplate.create_version = _version_as_given
    LaunchTemplate.get_version = _version
    LaunchTemplateBackend.describe_launch_templates = _templates_by_id
    LaunchTemplates.create_launch_template_version = _new_version
    LaunchTemplates.describe_launch_templates = _all_on_one_page(_describe_templates)
    LaunchTemplates.describe_launch_template_versions = _all_on_one_page(_describe_versions)
    InstanceBackend.run_instances = _with_template
    InstanceTypeOfferingBackend.describe_instance_type_offerings = _offered
    EC2Response.create_capacity_reservation = capacity_reservations.create
    EC2Response.describe_capacity_reservations = capacity_reservations.describe
    EC2Response.cancel_capacity_reservation = capacity_reservations.cancel


def _tags_of_one(self: Any) -> list[dict[str, str]]:
    """Return the tags of one resource without looking at those of all others.

    moto matches every tag of every resource for each one it describes, which is quadratic.
    """
    found = self.ec2_backend.tags.get(self.id, {}) if self.id else {}
    kind = self.id.split("-")[0] if self.id else ""
    return [
        {"resource_id": self.id, "key": key, "value": value, "resource_type": _KINDS.get(kind, kind)}
        for key, value in found.items()
    ]


def _images(
    self: Any, ami_ids: Any = None, filters: Any = None, exec_users: Any = None, owners: Any = None
) -> list[Any]:
    """Find one image by its id at once: moto compares all images with it, for each instance it launches."""
    wanted = (filters or {}).get("image-id")
    if isinstance(wanted, str) and len(filters) == 1 and not (ami_ids or exec_users or owners):
        found = self.amis.get(wanted)
        return [found] if found is not None else []
    images: list[Any] = _describe_images(self, ami_ids, filters, exec_users, owners)
    return images


def _version_as_given(self: LaunchTemplate, data: dict[str, Any], description: str) -> LaunchTemplateVersion:
    """Keep the data as it was given: moto adds the template's own tags and an empty user data to it."""
    kept = {name: value for name, value in data.items() if value is not None}
    if isinstance(kept.get("UserData"), str | bytes):
        kept["UserData"] = parse_user_data(kept["UserData"])
    if "TagSpecifications" in kept:
        tagged = [each for each in kept["TagSpecifications"] if each["ResourceType"] != "launch-template"]
        kept["TagSpecifications"] = tagged
        if not tagged:
            del kept["TagSpecifications"]
    return _create_version(self, kept, description)


def _version(self: LaunchTemplate, wanted: Any) -> LaunchTemplateVersion:
    """Return a version by its number, `$Latest` or `$Default`; moto answers 500 to anything else."""
    text = str(wanted)
    if text.lower() == "$latest":
        return self.latest_version()
    if text.lower() == "$default":
        return self.default_version()
    if not text.isdigit() or not 1 <= int(text) <= len(self.versions):
        raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=text)
    return self.versions[int(text) - 1]


def _templates_by_id(
    self: Any, template_names: Any = None, template_ids: Any = None, filters: Any = None
) -> list[LaunchTemplate]:
    """Refuse an id that is nobody's; moto leaves it out, though not a name."""
    for id in template_ids or ():
        if id not in self.launch_templates:
            raise InvalidLaunchTemplateIdNotFound(id)
    found: list[LaunchTemplate] = _templates(self, template_names, template_ids, filters)
    return found


def _new_version(self: Any) -> ActionResult:
    """CreateLaunchTemplateVersion: what is not given is taken from the source version, which moto ignores.

    Source: EC2 API reference, CreateLaunchTemplateVersion, SourceVersion and ClientToken.
    """
    name, id = self._get_param("LaunchTemplateName"), self._get_param("LaunchTemplateId")
    if id:
        template = self.ec2_backend.get_launch_template(id)
    elif name:
        template = self.ec2_backend.get_launch_template_by_name(name)
    else:
        raise MissingParameterError("launch template ID or launch template name")
    given = self._get_param("LaunchTemplateData", {})
    source = self._get_param("SourceVersion")
    if not given and not source:
        raise MissingParameterError("LaunchTemplateData")
    inherited = template.get_version(source).data if source else {}
    self.error_on_dryrun()
    token = self._get_param("ClientToken")
    made = next((each for each in template.versions if token and _token(each) == token), None)
    if made is None:
        description = self._get_param("VersionDescription")
        made = template.create_version({**inherited, **given}, description)
        made.client_token = token
    shown = {
        "CreateTime": made.create_time,
        "CreatedBy": f"arn:{self.partition}:iam::{self.current_account}:root",
        "DefaultVersion": template.is_default(made),
        "LaunchTemplateData": made.data,
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionDescription": made.description,
        "VersionNumber": made.number,
    }
    return ActionResult({"LaunchTemplateVersion": shown})


def _token(version: LaunchTemplateVersion) -> str | None:
    return getattr(version, "client_token", None)


def _all_on_one_page(describe: Callable[[Any], ActionResult]) -> Callable[[Any], ActionResult]:
    def described(self: Any) -> ActionResult:
        ask = self._get_int_param

        def asked(name: str, default: Any = None) -> Any:
            return ALL if name == "MaxResults" else ask(name, default)

        self._get_int_param = asked
        return describe(self)

    return described


def _with_template(self: Any, image_id: str, count: int, user_data: Any, names: Any, **given: Any) -> Any:
    """Take from the template of RunInstances also what moto leaves out of it."""
    chosen = given.get("launch_template")
    if chosen:
        data = self._get_template_from_args(chosen).data
        nics = data.get("NetworkInterfaces") or [{}]
        market = data.get("InstanceMarketOptions") or {}
        given["metadata_options"] = given.get("metadata_options") or data.get("MetadataOptions") or {}
        given["security_group_ids"] = (
            given.get("security_group_ids") or data.get("SecurityGroupIds") or nics[0].get("Groups") or []
        )
        given["instance_market_options"] = given.get("instance_market_options") or market.get("MarketType")
        given["tags"] = {"volume": volume_tags(data)} | (given.get("tags") or {})
    return _run_instances(self, image_id, count, user_data, names, **given)


def _offered(self: Any, location_type: str | None = None, filters: Any = None) -> list[Any]:
    """Offer the types of the catalog where moto has no list, as for the Regions of China."""
    kind = location_type or "region"
    if self.region_name in INSTANCE_TYPE_OFFERINGS["region"]:
        found: list[Any] = _offerings(self, location_type, filters)
        return found
    zones = [zone for zone in self.describe_availability_zones() if zone.region_name == self.region_name]
    places = {
        "availability-zone": [zone.name for zone in zones],
        "availability-zone-id": [zone.zone_id for zone in zones],
    }.get(kind, [self.region_name])
    every = [
        {"InstanceType": name, "Location": place, "LocationType": kind}
        for name in instance_types()
        for place in places
    ]
    return [one for one in every if self.matches_filters(one, filters or {}, kind)]


def volume_tags(data: dict[str, Any]) -> dict[str, str]:
    """Return the tags that launch template data gives to volumes."""
    kinds = {each["ResourceType"]: each.get("Tags", []) for each in data.get("TagSpecifications") or []}
    return {tag["Key"]: tag.get("Value", "") for tag in kinds.get("volume", [])}
