"""What may stand beside a launch template, and inside one.

Source: EKS User Guide, launch template support; reference, launch template combinations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodeyard.model.commands import CreateNodegroup
from nodeyard.planner.admission.facts import CreateFacts

_REFUSED_MEMBERS = (
    ("IamInstanceProfile", "an IAM instance profile: the node group brings its own, with its node role"),
    ("HibernationOptions", "hibernation options"),
    ("InstanceInitiatedShutdownBehavior", "a shutdown behavior"),
)


def image_of(facts: CreateFacts) -> str | None:
    """Return the image that the caller's template names."""
    return facts.template.data.get("ImageId") if facts.template else None


def instance_type_of(facts: CreateFacts) -> str | None:
    """Return the instance type that the caller's template names."""
    return facts.template.data.get("InstanceType") if facts.template else None


def types_twice(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    """Say so when both the template and the request name instance types."""
    if command.instance_types and instance_type_of(facts):
        return "Cannot specify instance types in launch template and API request"
    return None


def _names(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    asked = command.launch_template
    if asked is None:
        return None
    if bool(asked.id) == bool(asked.name):
        return "Either provide launch template ID or launch template name in the request."
    if facts.template is None:
        which = f"{asked.id or asked.name}, version {asked.version or '$Default'}"
        return f"Launch template {which} does not exist"
    return None


def _beside(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    if command.launch_template is None:
        return None
    if command.disk_size is not None:
        return "Disk size must be specified within the launch template."
    if command.remote_access is not None:
        return "Remote access configuration cannot be specified with a launch template."
    return None


def _image(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    if image_of(facts) is None:
        if command.ami_type == "CUSTOM":
            return "Launch template details can't be null for Custom ami type node group"
        return None
    if command.version is not None:
        return (
            "You cannot specify a kubernetes version to use when specifying an image id to use "
            "within the launch template."
        )
    if command.release_version is not None:
        return "You cannot specify a release version when specifying an image id in your launch template."
    if command.ami_type not in (None, "CUSTOM"):
        return (
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your "
            "launch template."
        )
    return None


def _inside(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return None if facts.template is None else fault_inside(facts.template.data)


def fault_inside(data: Mapping[str, Any]) -> str | None:
    """Return what a caller's template sets and must not, whichever operation names it."""
    for member, words in _REFUSED_MEMBERS:
        if data.get(member):
            return f"The launch template must not set {words}"
    interfaces = data.get("NetworkInterfaces") or []
    if any(interface.get("SubnetId") for interface in interfaces):
        return "The launch template must not set a subnet: name subnets in the node group"
    if any(interface.get("Groups") for interface in interfaces) and data.get("SecurityGroupIds"):
        return (
            "The launch template sets security groups for the instance and for a network interface: set one"
        )
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    if market == "spot":
        return "The launch template must not request Spot Instances: set capacityType to SPOT"
    return None


def _capacity_block(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    """Refuse a Capacity Block of which the request or the template lacks a part.

    Source: EKS User Guide, managed node groups with Capacity Blocks for ML: the capacity type, the market
    type, the reservation and the instance type, or the request is rejected. The words are ours.
    """
    data = facts.template.data if facts.template else {}
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    if command.capacity_type != "CAPACITY_BLOCK":
        if market != "capacity-block":
            return None
        return "The launch template is for a Capacity Block: set capacityType to CAPACITY_BLOCK"
    if market == "capacity-block" and target.get("CapacityReservationId") and data.get("InstanceType"):
        return None
    return (
        "A CAPACITY_BLOCK node group needs a launch template with the market type capacity-block, "
        "the id of the capacity reservation and its instance type"
    )


Rule = Callable[[CreateNodegroup, CreateFacts], str | None]
RULES: tuple[tuple[str, Rule], ...] = (
    ("launchTemplate", _names),
    ("launchTemplate", _beside),
    ("amiType", _image),
    ("launchTemplate", _inside),
    ("capacityType", _capacity_block),
)
"""The member of the request that is at fault, and what says so."""
