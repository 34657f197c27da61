"""How the account looks through the faults that are on: what is hidden, and what is changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.model.values import replace
from nodeyard.ports import ActiveFault, AutoScalingGroup, Findings, Subnet
from nodeyard.world.faults import scopes

_HIDDEN = {
    "deleted-role": "role",
    "deleted-instance-profile": "instance_profile",
    "deleted-launch-template": "template",
    "deleted-source-template": "source_template",
    "deleted-image": "image",
}


def findings(active: Sequence[ActiveFault], group: str, found: Findings) -> Findings:
    """Return what a look at the needs of a node group finds."""

    def on(name: str, zone: str | None = None) -> bool:
        return scopes.first(active, name, group=group, zone=zone) is not None

    hidden = {member: False for name, member in _HIDDEN.items() if on(name)}
    seen: list[Subnet] = []
    for each in found.subnets:
        if on("deleted-subnet", each.zone):
            continue
        if on("address-exhaustion", each.zone):
            each = replace(each, free_addresses=0)
        if on("public-subnet-without-address", each.zone):
            each = replace(each, internet_gateway=True, public_ip_on_launch=False)
        if on("missing-ipv6", each.zone):
            each = replace(each, ipv6_on_launch=False)
        seen.append(each)
    return replace(
        found,
        subnets=tuple(seen),
        security_groups=frozenset() if on("deleted-security-group") else found.security_groups,
        offered_types=frozenset() if on("instance-type-not-offered") else found.offered_types,
        instance_refresh=found.instance_refresh or on("instance-refresh"),
        **hidden,
    )


def auto_scaling_group(
    active: Sequence[ActiveFault], group: str | None, found: AutoScalingGroup
) -> AutoScalingGroup:
    """Return an Auto Scaling group with what somebody else changed in it."""
    if scopes.first(active, "auto-scaling-drift", group=group):
        found = replace(found, hooks=(), suspended_processes=("Launch", *found.suspended_processes))
    if scopes.first(active, "template-drift", group=group):
        version = found.launch_template_version or "0"
        other = str(int(version) + 1) if version.isdigit() else "1"
        found = replace(found, launch_template_version=other)
    return found
