"""What accounts have in their Regions: networks, templates, roles, images, and how much capacity there is.

Filled by the simulation that owns it, read and written by `compute` and `fleet`. Knows no time.
Refusals carry the codes and sentences of AWS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nodeyard import catalog
from nodeyard.model.scope import Scope
from nodeyard.ports import Ids, Role
from nodeyard.world.aws.fleet import LaunchFailed, LaunchSpec, TemplateChoice

RESERVED_ADDRESSES = 5
"""Addresses of a subnet that AWS keeps. Source: VPC User Guide, subnet sizing."""
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy")


class Refused(Exception):
    """A call that AWS answers with an error code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class SubnetRecord:
    """A subnet; `number` is the third part of its addresses and those above it. Units: `size` addresses."""

    id: str
    vpc_id: str
    zone: str
    number: int
    size: int = 4096
    public: bool = True
    gateway: bool = True
    ipv6: bool = True
    taken: set[int] = field(default_factory=set)
    next: int = RESERVED_ADDRESSES - 1

    @property
    def free(self) -> int:
        return self.size - RESERVED_ADDRESSES - len(self.taken)

    def take(self) -> int:
        """Return the next free address, counted from the start of the subnet."""
        while self.next in self.taken or self.next >= self.size - 1:
            self.next = RESERVED_ADDRESSES - 1 if self.next >= self.size - 1 else self.next + 1
        self.taken.add(self.next)
        return self.next

    def address(self, host: int) -> str:
        number = self.number * 4096 + host
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass(slots=True)
class SecurityGroup:
    id: str
    name: str
    vpc_id: str
    ingress: set[tuple[int, str]] = field(default_factory=set)
    """(port, source group id or CIDR)"""


@dataclass(slots=True)
class Template:
    """A launch template. Versions count from 1; each has LaunchTemplateData and the token that made it."""

    id: str
    name: str
    versions: list[tuple[dict[str, Any], str]]
    default: int = 1

    def number(self, version: str | None) -> int | None:
        """Return the number that `$Latest`, `$Default`, None or digits stand for; None where it is none."""
        if version in (None, "", "$Default"):
            return self.default
        if version == "$Latest":
            return len(self.versions)
        assert version is not None
        known = version.isdigit() and 1 <= int(version) <= len(self.versions)
        return int(version) if known else None


@dataclass(slots=True)
class Profile:
    arn: str
    role: str | None = None


class Region:
    """One account in one Region."""

    def __init__(self, scope: Scope, ids: Ids, profiles: dict[str, Profile], roles: dict[str, Role]) -> None:
        self.scope = scope
        self._ids = ids
        self.vpc_id: str | None = f"vpc-{ids.hex(17)}"
        """The default VPC; None in an account that deleted it."""
        self.subnets: dict[str, SubnetRecord] = {}
        self.security_groups: dict[str, SecurityGroup] = {}
        self.templates: dict[str, Template] = {}
        self.profiles = profiles
        self.roles = roles
        self.images: set[str] = set()
        """Images of the account's own, beside those of the catalog."""
        self.not_offered: set[str] = set()
        """Instance types that the Region does not have."""
        self.capacity: dict[tuple[str, str], int] = {}
        """(zone, instance type) -> instances that there is room for; what is not named has no limit."""
        self.reservations: dict[str, datetime] = {}
        """Capacity reservation -> when it ends."""
        self.vcpu_quota: int | None = None
        self.shifts: dict[str, set[str]] = {}
        """ARN of a cluster -> ids of the zones that ARC moves it away from."""
        self.running: Counter[tuple[str, str]] = Counter()
        """(zone, instance type) -> instances that are not terminated."""
        self.vcpus = 0
        self.groups_in_use: Counter[str] = Counter()
        """Security group -> instances that have it."""
        for letter in "abc":
            self.add_subnet(f"{scope.region}{letter}")

    # --- what the owner of the simulation sets up ---

    def add_subnet(self, zone: str, *, id: str | None = None, size: int = 4096) -> str:
        """Add a subnet to the default VPC and return its id."""
        made = id or f"subnet-{self._ids.hex(17)}"
        assert self.vpc_id is not None, "a subnet needs a VPC"
        self.subnets[made] = SubnetRecord(made, self.vpc_id, zone, len(self.subnets), size)
        return made

    def add_role(
        self,
        name: str,
        *,
        services: Iterable[str] = ("ec2.amazonaws.com", "eks.amazonaws.com"),
        policies: Iterable[str] = (*NODE_POLICIES, "AmazonEKSClusterPolicy"),
    ) -> str:
        """Add a role that the services may assume and return its ARN."""
        partition = self.scope.partition
        arn = f"arn:{partition}:iam::{self.scope.account}:role/{name}"
        attached = frozenset(f"arn:{partition}:iam::aws:policy/{each}" for each in policies)
        self.roles[arn] = Role(arn, name, frozenset(services), attached)
        return arn

    def add_template(self, name: str, data: dict[str, Any], token: str = "") -> Template:
        """Add a launch template. Raises: Refused."""
        if self.template_named(name) is not None:
            raise Refused(
                "InvalidLaunchTemplateName.AlreadyExistsException",
                f"Launch template name {name} already in use.",
            )
        made = Template(f"lt-{self._ids.hex(17)}", name, [(data, token)])
        self.templates[made.id] = made
        return made

    def limit(self, zone: str, instance_type: str, count: int | None) -> None:
        """Let a zone have room for so many instances of a type in all; None takes the limit away."""
        if count is None:
            self.capacity.pop((zone, instance_type), None)
        else:
            self.capacity[zone, instance_type] = count

    def new_id(self, prefix: str) -> str:
        return f"{prefix}-{self._ids.hex(17)}"

    # --- looking ---

    def template_named(self, name: str) -> Template | None:
        return next((each for each in self.templates.values() if each.name == name), None)

    def template(self, choice: TemplateChoice) -> tuple[Template, int] | None:
        """Return a template and the number of the chosen version."""
        found = self.templates.get(choice.id) if choice.id else self.template_named(choice.name)
        number = found.number(choice.version) if found else None
        return None if found is None or number is None else (found, number)

    def has_image(self, image: str) -> bool:
        """Tell whether an image is the account's own or one of the catalog."""
        if image in self.images:
            return True
        return catalog.default().release_of_image(self.scope.region, image) is not None

    def offers(self, instance_type: str) -> bool:
        known = catalog.default().instance_type(instance_type) is not None
        return known and instance_type not in self.not_offered

    # --- launching, by the rules of EC2 ---

    def check_launch(self, spec: LaunchSpec, instance_type: str, data: dict[str, Any]) -> None:
        """Raise LaunchFailed where EC2 would refuse a launch."""
        subnet = self.subnets.get(spec.subnet_id)
        if subnet is None:
            raise LaunchFailed("InvalidSubnetID.NotFound", f"The subnet ID '{spec.subnet_id}' does not exist")
        image = data.get("ImageId", "")
        if not self.has_image(image):
            raise LaunchFailed("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
        for group in groups_of(data):
            if group not in self.security_groups:
                raise LaunchFailed("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
        profile = (data.get("IamInstanceProfile") or {}).get("Name")
        if profile is not None and profile not in self.profiles:
            raise LaunchFailed(
                "InvalidParameterValue",
                f"Value ({profile}) for parameter iamInstanceProfile.name is invalid. "
                "Invalid IAM Instance Profile name",
            )
        if not self.offers(instance_type):
            raise LaunchFailed(
                "Unsupported",
                f"Your requested instance type ({instance_type}) is not supported in your requested "
                f"Availability Zone ({subnet.zone}).",
            )
        self._check_room(spec, instance_type, subnet)

    def _check_room(self, spec: LaunchSpec, instance_type: str, subnet: SubnetRecord) -> None:
        if subnet.free < spec.count:
            raise LaunchFailed(
                "InsufficientFreeAddressesInSubnet",
                f"There are not enough free addresses in subnet '{subnet.id}' to satisfy the requested "
                f"number of instances.",
            )
        vcpus = spec.count * vcpus_of(instance_type)
        if self.vcpu_quota is not None and self.vcpus + vcpus > self.vcpu_quota:
            raise LaunchFailed(
                "VcpuLimitExceeded",
                f"You have requested more vCPU capacity than your current vCPU limit of {self.vcpu_quota} "
                "allows for the instance bucket that the specified instance type belongs to.",
            )
        place = (subnet.zone, instance_type)
        room = self.capacity.get(place)
        if room is not None and self.running[place] + spec.count > room:
            raise LaunchFailed(
                "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you "
                f"requested ({subnet.zone})",
            )


class Accounts:
    """Every account in every Region, each made when it is first named."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._regions: dict[Scope, Region] = {}
        self._roles: dict[str, dict[str, Role]] = {}
        self._profiles: dict[str, dict[str, Profile]] = {}

    def region(self, scope: Scope) -> Region:
        found = self._regions.get(scope)
        if found is None:
            roles = self._roles.setdefault(scope.account, {})
            profiles = self._profiles.setdefault(scope.account, {})
            found = self._regions[scope] = Region(scope, self._ids, profiles, roles)
        return found


def vcpus_of(instance_type: str) -> int:
    known = catalog.default().instance_type(instance_type)
    return known.vcpus if known else 0


def groups_of(data: dict[str, Any]) -> tuple[str, ...]:
    """Return the security groups that a launch template gives to instances."""
    interfaces = data.get("NetworkInterfaces") or [{}]
    return tuple(data.get("SecurityGroupIds") or interfaces[0].get("Groups") or ())
