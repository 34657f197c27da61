"""Which calls AWS refuses while faults are on, and in which words. Pure.

Source: common errors and API references of EC2, Auto Scaling and IAM.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nodeyard.ports import ActiveFault


@dataclass(frozen=True, slots=True)
class Refusal:
    """What AWS says. None as service or operations: every one of them."""

    code: str
    message: str
    service: str | None = None
    operations: frozenset[str] | None = None
    status: int = 400

    def concerns(self, service: str, operation: str) -> bool:
        same = self.service in (None, service)
        return same and (self.operations is None or operation in self.operations)


def _only(*operations: str) -> frozenset[str]:
    return frozenset(operations)


_TEMPLATES = _only("CreateLaunchTemplate", "CreateLaunchTemplateVersion")

BY_FAULT: dict[str, Refusal] = {
    "access-denied": Refusal("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "aws-outage": Refusal("ServiceUnavailable", "The service is unavailable. Please try again.", status=503),
    "bad-user-data": Refusal(
        "InvalidUserData.Malformed", "User data was not in the MIME multipart format.", "ec2", _TEMPLATES
    ),
    "deleted-launch-template": Refusal(
        "InvalidLaunchTemplateId.NotFound",
        "The specified launch template does not exist.",
        "ec2",
        _only("CreateLaunchTemplateVersion"),
    ),
    "deleted-role": Refusal(
        "NoSuchEntity", "The role cannot be found.", "iam", _only("AddRoleToInstanceProfile")
    ),
    "launch-template-in-use": Refusal(
        "OperationNotPermitted",
        "The launch template is in use and cannot be deleted.",
        "ec2",
        _only("DeleteLaunchTemplate"),
        403,
    ),
    "opt-in-required": Refusal(
        "OptInRequired", "You are not subscribed to this service.", "autoscaling", status=403
    ),
    "quota-auto-scaling-groups": Refusal(
        "LimitExceeded",
        "You have reached the limit of Auto Scaling groups.",
        "autoscaling",
        _only("CreateAutoScalingGroup"),
    ),
    "quota-instance-profiles": Refusal(
        "LimitExceeded", "Cannot exceed quota for InstanceProfiles.", "iam", _only("CreateInstanceProfile")
    ),
    "quota-launch-template-versions": Refusal(
        "LaunchTemplateVersionLimitExceeded",
        "You have reached the limit of versions of this launch template.",
        "ec2",
        _only("CreateLaunchTemplateVersion"),
    ),
    "quota-launch-templates": Refusal(
        "LaunchTemplateLimitExceeded",
        "You have reached the limit of launch templates.",
        "ec2",
        _only("CreateLaunchTemplate"),
    ),
    "quota-subnets": Refusal(
        "ValidationError",
        "1 validation error detected: Value at 'vPCZoneIdentifier' failed to satisfy constraint: Member must "
        "have length less than or equal to what the account may name.",
        "autoscaling",
        _only("CreateAutoScalingGroup"),
    ),
    "security-group-in-use": Refusal(
        "DependencyViolation",
        "DependencyViolation - resource has a dependent object",
        "ec2",
        _only("DeleteSecurityGroup"),
    ),
    "throttle-burst-autoscaling": Refusal("Throttling", "Rate exceeded", "autoscaling"),
    "throttle-burst-ec2": Refusal("RequestLimitExceeded", "Request limit exceeded.", "ec2", status=503),
    "throttle-burst-iam": Refusal("Throttling", "Rate exceeded", "iam"),
    "unknown-answer": Refusal(
        "Inexplicable", "Something happened for which there is no name.", "autoscaling"
    ),
}


def of_call(
    active: Iterable[ActiveFault], service: str, operation: str, group: str | None
) -> tuple[Refusal, ActiveFault] | None:
    """Return how AWS refuses a call for a node group, with the fault it comes from; None: it does not."""
    if group is None:
        return None
    for fault in active:
        refusal = BY_FAULT.get(fault.name)
        if refusal is None or fault.group not in (None, group):
            continue
        if refusal.concerns(service, operation):
            return refusal, fault
    return None


def of_launch(
    active: Iterable[ActiveFault], place: LaunchPlace, running: int, vcpus: int
) -> tuple[str, str] | None:
    """Return the code and sentence with which EC2 refuses a launch; None where it launches.

    `running` and `vcpus` are what the group would have with the launch.
    """
    for fault in active:
        told = _LAUNCHES.get(fault.name)
        if told is None or fault.group not in (None, place.group) or fault.zone not in (None, place.zone):
            continue
        if fault.name == "capacity-shortage" and running <= (fault.amount or 0):
            continue
        if fault.name == "vcpu-limit" and vcpus <= (fault.amount or 0):
            continue
        code, sentence = told
        return code, sentence.format(
            zone=place.zone, subnet=place.subnet, type=place.instance_type, template=place.template
        )
    return None


@dataclass(frozen=True, slots=True)
class LaunchPlace:
    """Where a launch goes and from what."""

    group: str | None
    zone: str
    subnet: str
    instance_type: str
    template: str


_NO_ROOM = (
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient {type} capacity in the Availability Zone you requested ({zone}).",
)
_LAUNCHES: dict[str, tuple[str, str]] = {
    "address-exhaustion": (
        "InsufficientFreeAddressesInSubnet",
        "There are not enough free addresses in subnet '{subnet}' to satisfy the requested number "
        "of instances.",
    ),
    "capacity-shortage": _NO_ROOM,
    "deleted-image": ("InvalidAMIID.NotFound", "The image id of launch template {template} does not exist"),
    "deleted-instance-profile": (
        "InvalidParameterValue",
        "Value for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
    ),
    "deleted-launch-template": (
        "InvalidLaunchTemplateId.NotFound",
        "The specified launch template, with template ID {template}, does not exist.",
    ),
    "deleted-security-group": (
        "InvalidGroup.NotFound",
        "The security group of launch template {template} does not exist",
    ),
    "deleted-subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{subnet}' does not exist"),
    "instance-type-not-offered": (
        "Unsupported",
        "Your requested instance type ({type}) is not supported in your requested "
        "Availability Zone ({zone}).",
    ),
    "vcpu-limit": (
        "VcpuLimitExceeded",
        "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket "
        "that the specified instance type belongs to.",
    ),
    "zone-starve": _NO_ROOM,
}
