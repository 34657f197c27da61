"""AWS responses in, port values out: dictionaries in the spelling of boto3 are the only input."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from nodeyard.ports import (
    Activity,
    AutoScalingGroup,
    GroupInstance,
    Role,
    Subnet,
    TemplateVersion,
    WarmPoolSettings,
)
from nodeyard.translation.group_request import NO_CEILING

Response = Mapping[str, Any]


def subnet(found: Response) -> Subnet:
    return Subnet(
        id=found["SubnetId"],
        vpc_id=found["VpcId"],
        zone=found["AvailabilityZone"],
        free_addresses=int(found.get("AvailableIpAddressCount") or 0),
        public_ip_on_launch=bool(found.get("MapPublicIpOnLaunch")),
        ipv6_on_launch=bool(found.get("AssignIpv6AddressOnCreation")),
    )


def leads_to_internet(tables: Iterable[Response], vpc: str, subnet: str) -> bool:
    """Return whether a subnet's route table, its own or the VPC's main one, leads to an internet gateway."""
    own: Response | None = None
    main: Response | None = None
    for table in tables:
        for each in table.get("Associations") or ():
            if each.get("SubnetId") == subnet:
                own = table
            if each.get("Main") and table.get("VpcId") == vpc:
                main = table
    used = own or main or {}
    return any(str(each.get("GatewayId") or "").startswith("igw-") for each in used.get("Routes") or ())


def role(found: Response, attached: Iterable[Response]) -> Role:
    return Role(
        arn=found["Arn"],
        name=found["RoleName"],
        trusted_services=trusted_services(found.get("AssumeRolePolicyDocument") or {}),
        policy_arns=frozenset(policy["PolicyArn"] for policy in attached),
    )


def trusted_services(document: str | Mapping[str, Any]) -> frozenset[str]:
    """Return the service principals that an IAM trust policy allows to assume the role."""
    policy = json.loads(document) if isinstance(document, str) else document
    services: set[str] = set()
    for statement in _listed(policy.get("Statement")):
        principal = statement.get("Principal")
        actions = {str(action).lower() for action in _listed(statement.get("Action"))}
        if statement.get("Effect") != "Allow" or not isinstance(principal, Mapping):
            continue
        if actions & {"sts:assumerole", "sts:*", "*"}:
            services.update(_listed(principal.get("Service")))
    return frozenset(services)


def template_version(found: Response) -> TemplateVersion:
    return TemplateVersion(
        id=found["LaunchTemplateId"],
        name=found["LaunchTemplateName"],
        version=str(found["VersionNumber"]),
        data=dict(found.get("LaunchTemplateData") or {}),
    )


def instance(found: Response) -> GroupInstance:
    template = found.get("LaunchTemplate") or {}
    version = template.get("Version")
    return GroupInstance(
        id=found["InstanceId"],
        zone=found["AvailabilityZone"],
        lifecycle_state=found["LifecycleState"],
        health_status=found["HealthStatus"],
        instance_type=found.get("InstanceType") or "",
        launch_template_version=None if version is None else str(version),
    )


def warm_pool(found: Response | None, warm: Iterable[GroupInstance]) -> dict[str, Any]:
    """Return the members of an AutoScalingGroup that a WarmPoolConfiguration gives, with its instances."""
    if not found:
        return {}
    ceiling = found.get("MaxGroupPreparedCapacity")
    settings = WarmPoolSettings(
        minimum=int(found.get("MinSize") or 0),
        ceiling=None if ceiling in (None, NO_CEILING) else int(ceiling),
        state=found.get("PoolState") or "Stopped",
        reuse=bool((found.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn")),
    )
    return {"warm_pool": settings, "warm_pool_deleting": bool(found.get("Status")), "warm": tuple(warm)}


def group(found: Response, hooks: Iterable[Response], warm: Iterable[Response] = ()) -> AutoScalingGroup:
    """Return a group as described; `warm` are the instances of its warm pool."""
    template = template_of_group(found)
    return AutoScalingGroup(
        name=found["AutoScalingGroupName"],
        minimum=int(found["MinSize"]),
        maximum=int(found["MaxSize"]),
        desired=int(found["DesiredCapacity"]),
        zones=tuple(found.get("AvailabilityZones") or ()),
        launch_template_id=template.get("LaunchTemplateId"),
        launch_template_version=template.get("Version"),
        status=found.get("Status") or None,
        instances=tuple(instance(one) for one in found.get("Instances") or ()),
        suspended_processes=tuple(one["ProcessName"] for one in found.get("SuspendedProcesses") or ()),
        hooks=tuple(sorted(one["LifecycleHookName"] for one in hooks)),
        subnets=tuple(each for each in (found.get("VPCZoneIdentifier") or "").split(",") if each),
        **warm_pool(found.get("WarmPoolConfiguration"), (instance(one) for one in warm)),
    )


def template_of_group(found: Response) -> Mapping[str, Any]:
    """Return the launch template specification a group uses, mixed instances or not."""
    mixed = (found.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    used: Mapping[str, Any] = mixed.get("LaunchTemplateSpecification") or found.get("LaunchTemplate") or {}
    return used


def activity(found: Response) -> Activity:
    start: datetime = found["StartTime"]
    return Activity(
        id=found["ActivityId"],
        status=found["StatusCode"],
        description=found.get("Description") or "",
        message=found.get("StatusMessage") or "",
        start=start if start.tzinfo else start.replace(tzinfo=UTC),
    )


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 and IAM take them, in a steady order."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _listed(value: Any) -> list[Any]:
    """Policy documents write one thing bare and many things as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
