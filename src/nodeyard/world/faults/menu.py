"""The menu of faults: their names, what happens while they are on, and which issues they raise. Data only.

Every health issue code of EKS is raised by at least one of them; a test holds the menu to that.
"""

from __future__ import annotations

from nodeyard.ports import FaultKind

_GROUP = ("group",)
_PLACE = ("group", "zone")
_ROOM = ("group", "zone", "amount")

KINDS: tuple[FaultKind, ...] = (
    FaultKind("access-denied", "AWS denies the service's calls.", _GROUP, ("AccessDenied",)),
    FaultKind(
        "address-exhaustion",
        "The subnets of the group have no free address left.",
        _PLACE,
        ("InsufficientFreeAddresses",),
    ),
    FaultKind(
        "auto-scaling-drift",
        "The Auto Scaling group lost its lifecycle hooks and launches nothing by itself.",
        _GROUP,
        ("AutoScalingGroupInvalidConfiguration",),
    ),
    FaultKind(
        "aws-auth-broken",
        "The API server refuses the service because the aws-auth ConfigMap is invalid.",
        (),
        ("AccessDenied",),
    ),
    FaultKind("aws-outage", "AWS answers every call with a fault of its own.", _GROUP, ("InternalFailure",)),
    FaultKind("bad-label", "The API server refuses the labels of nodes.", (), ("KubernetesLabelInvalid",)),
    FaultKind(
        "bad-user-data",
        "EC2 refuses launch templates because their user data is not MIME multipart.",
        _GROUP,
        ("Ec2LaunchTemplateInvalidConfiguration",),
    ),
    FaultKind(
        "capacity-shortage",
        "EC2 has no room for more instances of the group's types.",
        _ROOM,
        ("AsgInstanceLaunchFailures",),
        amount_means="instances of the group that there is room for",
        amount_default=0,
    ),
    FaultKind(
        "cluster-unreachable",
        "The Kubernetes API does not answer the service.",
        (),
        ("ClusterUnreachable",),
    ),
    FaultKind(
        "deleted-auto-scaling-group",
        "The Auto Scaling group is not found any more.",
        _GROUP,
        ("AutoScalingGroupNotFound",),
    ),
    FaultKind("deleted-image", "The AMI of the group is not found any more.", _GROUP, ("AmiIdNotFound",)),
    FaultKind(
        "deleted-instance-profile",
        "The instance profile of the group is not found any more.",
        _GROUP,
        ("IamInstanceProfileNotFound",),
    ),
    FaultKind(
        "deleted-launch-template",
        "The launch template of the group is not found any more.",
        _GROUP,
        ("Ec2LaunchTemplateNotFound",),
    ),
    FaultKind("deleted-role", "The node role is not found any more.", _GROUP, ("IamNodeRoleNotFound",)),
    FaultKind(
        "deleted-security-group",
        "The cluster security group is not found any more.",
        _GROUP,
        ("Ec2SecurityGroupNotFound",),
    ),
    FaultKind(
        "deleted-source-template",
        "The launch template that the group was created from is not found any more.",
        _GROUP,
        ("SourceEc2LaunchTemplateNotFound",),
    ),
    FaultKind("deleted-subnet", "Subnets of the group are not found.", _PLACE, ("Ec2SubnetNotFound",)),
    FaultKind(
        "finalizer-stick",
        "Evicted pods keep a finalizer and stay, terminating.",
        _GROUP,
        ("PodEvictionFailure",),
    ),
    FaultKind(
        "instance-refresh",
        "Somebody runs an instance refresh on the Auto Scaling group.",
        _GROUP,
        ("AutoScalingGroupInstanceRefreshActive",),
    ),
    FaultKind(
        "instance-type-not-offered",
        "The Region does not offer the group's instance types.",
        _GROUP,
        ("Ec2InstanceTypeDoesNotExist",),
    ),
    FaultKind(
        "kubelet-mute",
        "Kubelets stop reporting, so that nodes become NotReady.",
        _PLACE,
        ("NodeCreationFailure",),
    ),
    FaultKind(
        "launch-template-in-use",
        "EC2 refuses to delete the launch template of the group.",
        _GROUP,
        ("Ec2LaunchTemplateDeletionFailure",),
    ),
    FaultKind(
        "missing-ipv6",
        "Subnets do not assign IPv6 addresses, which nodes of IPv6 clusters need.",
        _PLACE,
        ("Ec2SubnetMissingIpv6Assignment",),
    ),
    FaultKind("never-join", "Instances boot and never register a node.", _PLACE, ("NodeCreationFailure",)),
    FaultKind("never-ready", "Nodes register and never become Ready.", _PLACE, ("NodeCreationFailure",)),
    FaultKind(
        "opt-in-required",
        "The account is not signed up for Auto Scaling.",
        _GROUP,
        ("AutoScalingGroupOptInRequired",),
    ),
    FaultKind(
        "public-subnet-without-address",
        "Subnets lead to the internet and give no public address to instances.",
        _PLACE,
        ("Ec2SubnetInvalidConfiguration",),
    ),
    FaultKind(
        "quota-auto-scaling-groups",
        "The account may have no more Auto Scaling groups.",
        _GROUP,
        ("LimitExceeded",),
    ),
    FaultKind(
        "quota-instance-profiles",
        "The account may have no more instance profiles.",
        _GROUP,
        ("IamLimitExceeded",),
    ),
    FaultKind(
        "quota-launch-template-versions",
        "The launch template of the group may have no more versions.",
        _GROUP,
        ("Ec2LaunchTemplateVersionMaxLimitExceeded",),
    ),
    FaultKind(
        "quota-launch-templates",
        "The account may have no more launch templates.",
        _GROUP,
        ("Ec2LaunchTemplateMaxLimitExceeded",),
    ),
    FaultKind(
        "quota-subnets",
        "Auto Scaling takes a shorter list of subnets than the group has.",
        ("group", "amount"),
        ("Ec2SubnetListTooLong",),
        amount_means="subnets that it takes",
        amount_default=0,
    ),
    FaultKind(
        "security-group-in-use",
        "EC2 refuses to delete the remote access security group of the group.",
        _GROUP,
        ("Ec2SecurityGroupDeletionFailure",),
    ),
    FaultKind(
        "spot-storm",
        "EC2 takes spot instances back, some of them every simulated minute.",
        _ROOM,
        (),
        amount_means="instances taken each minute",
        amount_default=1,
    ),
    FaultKind(
        "stuck-termination",
        "Instances that were asked to terminate stay.",
        _PLACE,
        ("NodeTerminationFailure",),
    ),
    FaultKind(
        "template-drift",
        "The Auto Scaling group launches from a template version that somebody else set.",
        _GROUP,
        ("Ec2LaunchTemplateVersionMismatch",),
    ),
    FaultKind(
        "throttle-burst-autoscaling",
        "Auto Scaling throttles the service's calls.",
        _GROUP,
        ("AutoScalingGroupRateLimitExceeded",),
    ),
    FaultKind("throttle-burst-ec2", "EC2 throttles the service's calls.", _GROUP, ("LimitExceeded",)),
    FaultKind("throttle-burst-iam", "IAM throttles the service's calls.", _GROUP, ("IamThrottling",)),
    FaultKind(
        "unknown-answer",
        "Auto Scaling answers with an error that nobody knows.",
        _GROUP,
        ("Unknown",),
    ),
    FaultKind(
        "vcpu-limit",
        "The account's vCPU quota is used up.",
        ("group", "amount"),
        ("InstanceLimitExceeded",),
        amount_means="vCPUs that the group may have",
        amount_default=0,
    ),
    FaultKind(
        "zone-starve",
        "A zone has no capacity left, while the others have.",
        _PLACE,
        ("AsgInstanceLaunchFailures",),
    ),
)

MENU: dict[str, FaultKind] = {kind.name: kind for kind in KINDS}
