"""What of a group's needs there is in a Region in memory."""

from __future__ import annotations

from nodeyard.ports import Findings, Needs, Subnet
from nodeyard.world.aws.fleet import TemplateChoice
from nodeyard.world.aws.memory.account import Region, SubnetRecord


def look(region: Region, needs: Needs) -> Findings:
    """Return what is there, as the AWS driver finds it."""
    held = [region.subnets[id] for id in needs.subnets if id in region.subnets]
    return Findings(
        subnets=tuple(subnet(each) for each in held),
        security_groups=frozenset(needs.security_groups) & region.security_groups.keys(),
        offered_types=frozenset(each for each in needs.instance_types if region.offers(each)),
        role=needs.role_arn in region.roles,
        instance_profile=needs.instance_profile is None or needs.instance_profile in region.profiles,
        template=_has_version(region, needs.template),
        source_template=_has_version(region, needs.source_template),
        image=needs.image_id is None or region.has_image(needs.image_id),
    )


def subnet(held: SubnetRecord) -> Subnet:
    return Subnet(
        held.id,
        held.vpc_id,
        held.zone,
        held.free,
        public_ip_on_launch=held.public,
        ipv6_on_launch=held.ipv6,
        internet_gateway=held.gateway,
    )


def _has_version(region: Region, wanted: tuple[str, str] | None) -> bool:
    return wanted is None or region.template(TemplateChoice(wanted[0], "", wanted[1])) is not None
