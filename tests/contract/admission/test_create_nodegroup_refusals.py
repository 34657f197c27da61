"""CreateNodegroup, row by row of the validation rules: text, shape, status, members, as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.model.limits import Quotas
from nodeyard.model.status import ClusterStatus, NodegroupStatus
from tests.doorway import Doorway
from tests.nouns import a_nodegroup

NODE = "arn:aws:iam::111122223333:role/node"
TEMPLATES: dict[str, dict[str, Any]] = {
    "plain": {},
    "typed": {"InstanceType": "m5.large"},
    "image": {"ImageId": "ami-1"},
    "profile": {"IamInstanceProfile": {"Name": "x"}},
    "hibernating": {"HibernationOptions": {"Configured": True}},
    "shutdown": {"InstanceInitiatedShutdownBehavior": "stop"},
    "subnet": {"NetworkInterfaces": [{"SubnetId": "subnet-a"}]},
    "groups": {"NetworkInterfaces": [{"Groups": ["sg-1"]}], "SecurityGroupIds": ["sg-2"]},
    "spot": {"InstanceMarketOptions": {"MarketType": "spot"}},
    "block": {
        "InstanceType": "p5.48xlarge",
        "InstanceMarketOptions": {"MarketType": "capacity-block"},
        "CapacityReservationSpecification": {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}},
    },
}


def asked(**members: Any) -> dict[str, Any]:
    return {
        "clusterName": "prod",
        "nodegroupName": "blue",
        "subnets": ["subnet-a", "subnet-b"],
        "nodeRole": NODE,
    } | members


def create(door: Doorway, **members: Any) -> dict[str, Any]:
    door.account.templates = TEMPLATES
    group: dict[str, Any] = door.client().create_nodegroup(**asked(**members))["nodegroup"]
    return group


def refused(door: Doorway, **members: Any) -> tuple[str, int, str, dict[str, Any]]:
    """Return shape, status, text and the other members; the store must be as it was."""
    before = door.everything()
    with pytest.raises(ClientError) as error:
        create(door, **members)
    assert door.everything() == before
    answer: Any = error.value.response
    extra = {k: v for k, v in answer.items() if k not in ("Error", "ResponseMetadata", "message")}
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], status, answer["Error"]["Message"], extra


BOTH = {"clusterName": "prod", "nodegroupName": "blue"}


def template(name: str, **more: str) -> dict[str, Any]:
    return {"launchTemplate": {"name": name, **more}}


INVALID: list[tuple[dict[str, Any], str]] = [
    # names
    ({"nodegroupName": "b" * 64}, "The nodegroup name must have at most 63 characters; this one has 64."),
    (
        {"nodegroupName": "-blue"},
        "The nodegroup name parameter contains invalid characters. It should begin with letter or digit and "
        "can have any of the following characters: letters, digits, hyphens and underscores.",
    ),
    (
        {"nodegroupName": "blue-"},
        "The nodegroup name blue- must end with a letter or digit: it becomes a label of the nodes.",
    ),
    # scaling
    (
        {"scalingConfig": {"minSize": 3, "maxSize": 5, "desiredSize": 2}},
        "minSize can't be greater than desiredSize",
    ),
    (
        {"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}},
        "desired capacity 3 can't be greater than max size 2",
    ),
    (
        {"scalingConfig": {"minSize": 1, "maxSize": 451, "desiredSize": 1}},
        "max size 451 can't be greater than 450, the quota of nodes per node group",
    ),
    (
        {"updateConfig": {"maxUnavailable": 1, "maxUnavailablePercentage": 10}},
        "Specify exactly one of maxUnavailable and maxUnavailablePercentage in updateConfig",
    ),
    (
        {"updateConfig": {"updateStrategy": "MINIMAL"}},
        "Specify exactly one of maxUnavailable and maxUnavailablePercentage in updateConfig",
    ),
    (
        {"updateConfig": {"maxUnavailable": 101}},
        "maxUnavailable can't be greater than 100, it is 101",
    ),
    # labels and taints
    (
        {"labels": {"kubernetes.io/team": "x"}},
        "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: "
        "kubernetes.io/team",
    ),
    (
        {"labels": {"team": "-x"}},
        "Invalid value: -x : field must consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character",
    ),
    (
        {"labels": {f"k{n}": "x" for n in range(51)}},
        "A node group has at most 50 labels, not 51",
    ),
    (
        {"taints": [{"key": f"k{n}", "effect": "NO_SCHEDULE"} for n in range(51)]},
        "A node group has at most 50 taints, not 51",
    ),
    ({"taints": [{"key": "k"}]}, "A taint needs a key and an effect"),
    (
        {"taints": [{"key": "k", "effect": "NO_EXECUTE", "value": v} for v in "ab"]},
        "Taint k with effect NO_EXECUTE is listed twice",
    ),
    (
        {"taints": [{"key": "a/b/c", "effect": "NO_EXECUTE"}]},
        "Invalid value: a/b/c : prefix part must be a DNS subdomain of at most 253 characters",
    ),
    ({"tags": {"AWS:x": "y"}}, "Tag keys must not start with aws: AWS:x"),
    # launch template combinations
    (template("plain") | {"diskSize": 30}, "Disk size must be specified within the launch template."),
    (
        template("plain") | {"remoteAccess": {"ec2SshKey": "k"}},
        "Remote access configuration cannot be specified with a launch template.",
    ),
    (
        template("plain", id="lt-plain"),
        "Either provide launch template ID or launch template name in the request.",
    ),
    (
        {"launchTemplate": {"version": "1"}},
        "Either provide launch template ID or launch template name in the request.",
    ),
    (template("missing"), "Launch template missing, version $Default does not exist"),
    (template("plain", version="7"), "Launch template plain, version 7 does not exist"),
    (
        template("image") | {"version": "1.34"},
        "You cannot specify a kubernetes version to use when specifying an image id to use within the "
        "launch template.",
    ),
    (
        template("image") | {"amiType": "AL2023_x86_64_STANDARD"},
        "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch "
        "template.",
    ),
    (
        template("image") | {"releaseVersion": "1.34.9-20260714"},
        "You cannot specify a release version when specifying an image id in your launch template.",
    ),
    ({"amiType": "CUSTOM"}, "Launch template details can't be null for Custom ami type node group"),
    (
        template("profile"),
        "The launch template must not set an IAM instance profile: the node group brings its own, with its "
        "node role",
    ),
    (template("hibernating"), "The launch template must not set hibernation options"),
    (template("shutdown"), "The launch template must not set a shutdown behavior"),
    (template("subnet"), "The launch template must not set a subnet: name subnets in the node group"),
    (
        template("groups"),
        "The launch template sets security groups for the instance and for a network interface: set one",
    ),
    (
        template("spot"),
        "The launch template must not request Spot Instances: set capacityType to SPOT",
    ),
    (
        {"capacityType": "CAPACITY_BLOCK", "instanceTypes": ["p5.48xlarge"]},
        "A CAPACITY_BLOCK node group needs a launch template with the market type capacity-block, the id of "
        "the capacity reservation and its instance type",
    ),
    (
        template("typed") | {"capacityType": "CAPACITY_BLOCK"},
        "A CAPACITY_BLOCK node group needs a launch template with the market type capacity-block, the id of "
        "the capacity reservation and its instance type",
    ),
    (
        template("block"),
        "The launch template is for a Capacity Block: set capacityType to CAPACITY_BLOCK",
    ),
    # AMI, version, instance types
    (
        {"instanceTypes": ["m6g.large", "m5.large"]},
        "[m6g.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD",
    ),
    (
        {"amiType": "AL2023_ARM_64_STANDARD"},
        "[t3.medium] is not a valid instance type for requested amiType AL2023_ARM_64_STANDARD",
    ),
    (
        {"instanceTypes": ["m5.large", "z9.tiny", "q1.huge"]},
        "The following supplied instance types do not exist: [z9.tiny, q1.huge]",
    ),
    ({"instanceTypes": ["m5.large"] * 21}, "At most 20 instance types can be listed, not 21"),
    (
        {"releaseVersion": "1.33.10-20260714"},
        "Requested release version 1.33.10-20260714 is not valid for kubernetes version 1.34.",
    ),
    (
        {"version": "1.33"},
        "Requested Kubernetes version 1.33 is not the cluster's: node groups of prod are created with "
        "version 1.34",
    ),
    ({"amiType": "AL2_x86_64"}, "AMI Type AL2_x86_64 is not supported for kubernetes version 1.34"),
    (
        {"amiType": "WINDOWS_CORE_2025_x86_64"},
        "AMI Type WINDOWS_CORE_2025_x86_64 is not supported for kubernetes version 1.34",
    ),
    # structures of their own
    (
        {
            "nodeRepairConfig": {
                "maxUnhealthyNodeThresholdCount": 1,
                "maxUnhealthyNodeThresholdPercentage": 1,
            }
        },
        "maxUnhealthyNodeThresholdCount and maxUnhealthyNodeThresholdPercentage exclude each other",
    ),
    (
        {"nodeRepairConfig": {"maxParallelNodesRepairedCount": 1, "maxParallelNodesRepairedPercentage": 1}},
        "maxParallelNodesRepairedCount and maxParallelNodesRepairedPercentage exclude each other",
    ),
    (
        {"nodeRepairConfig": {"nodeRepairConfigOverrides": [{"repairAction": "Reboot"}]}},
        "An entry of nodeRepairConfigOverrides needs all of nodeMonitoringCondition, nodeUnhealthyReason, "
        "minRepairWaitTimeMins and repairAction",
    ),
    (
        template("image") | {"warmPoolConfig": {"enabled": True}},
        "A warm pool needs an Amazon EKS optimized AMI: a node group with a custom AMI cannot have one",
    ),
    (
        {"capacityType": "SPOT", "warmPoolConfig": {"enabled": True}},
        "A warm pool holds On-Demand instances: a node group with capacityType SPOT cannot have one",
    ),
    (
        {"amiType": "BOTTLEROCKET_x86_64", "warmPoolConfig": {"poolState": "HIBERNATED"}},
        "Bottlerocket instances cannot hibernate: set poolState to STOPPED or RUNNING",
    ),
    (
        {"amiType": "BOTTLEROCKET_x86_64", "warmPoolConfig": {"reuseOnScaleIn": True}},
        "Bottlerocket instances cannot return to the warm pool: leave reuseOnScaleIn out",
    ),
    (
        {"warmPoolConfig": {"maxGroupPreparedCapacity": -2}},
        "maxGroupPreparedCapacity must be -1 (no cap) or more, not -2",
    ),
    (
        {"remoteAccess": {"sourceSecurityGroups": ["sg-1"]}},
        "sourceSecurityGroups needs ec2SshKey in remoteAccess: name the key pair, or leave both out",
    ),
    ({"diskSize": 0}, "diskSize must be 1 to 16384 GiB, not 0"),
    # network and role
    ({"subnets": []}, "At least one subnet must be specified"),
    (
        {"subnets": ["subnet-a", "subnet-gone"]},
        "The following supplied subnets do not exist: [subnet-gone]",
    ),
    (
        {"subnets": ["subnet-x"]},
        "Subnets must be in the VPC of the cluster, vpc-1; these are not: [subnet-x]",
    ),
    ({"subnets": ["subnet-a"] * 101}, "At most 100 subnets can be listed, not 101"),
    ({"nodeRole": "node"}, "Invalid Role Arn: 'node'"),
    (
        {"nodeRole": "arn:aws:iam::111122223333:user/x"},
        "Invalid Role Arn: 'arn:aws:iam::111122223333:user/x'",
    ),
    (
        {"nodeRole": "arn:aws-cn:iam::111122223333:role/node"},
        "Invalid Role Arn: 'arn:aws-cn:iam::111122223333:role/node'. Region eu-west-1 is in partition aws, "
        "the role is in aws-cn",
    ),
    (
        {"nodeRole": "arn:aws:iam::111122223333:role/gone"},
        "The role with name gone cannot be found.",
    ),
    (
        {"nodeRole": "arn:aws:iam::111122223333:role/cluster"},
        "The role arn:aws:iam::111122223333:role/cluster is the role of cluster prod: a node group needs a "
        "node role of its own",
    ),
    (
        {"nodeRole": "arn:aws:iam::111122223333:role/stranger"},
        "Following required service principals [ec2.amazonaws.com] were not found in the trust "
        "relationships of nodeRole arn:aws:iam::111122223333:role/stranger",
    ),
    (
        {"nodeRole": "arn:aws:iam::111122223333:role/bare"},
        "The provided role doesn't have the Amazon EKS Managed Policies associated with it. Please ensure "
        "the following policies [arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy, "
        "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly] are attached ",
    ),
]


@pytest.mark.parametrize(("members", "text"), INVALID, ids=lambda each: str(each)[:60])
def test_an_invalid_parameter_is_named_in_the_words_of_eks(
    door: Doorway, members: dict[str, Any], text: str
) -> None:
    names = BOTH | {k: v for k, v in members.items() if k == "nodegroupName"}
    assert refused(door, **members) == ("InvalidParameterException", 400, text, names)


def test_a_cluster_that_does_not_exist(door: Doorway) -> None:
    assert refused(door, clusterName="gone") == (
        "ResourceNotFoundException",
        404,
        "No cluster found for name: gone.",
        {"clusterName": "gone", "nodegroupName": "blue"},
    )


def test_a_name_that_is_taken_is_told_before_anything_else_is_wrong(door: Doorway) -> None:
    door.has(a_nodegroup())
    assert refused(door, nodeRole="nonsense") == (
        "ResourceInUseException",
        409,
        "NodeGroup already exists with name blue and cluster name prod",
        BOTH,
    )


@pytest.mark.parametrize("status", [s for s in ClusterStatus if s is not ClusterStatus.ACTIVE])
def test_a_cluster_that_is_not_active(door: Doorway, status: ClusterStatus) -> None:
    door.has_cluster(name="young", status=status)
    assert refused(door, clusterName="young") == (
        "InvalidRequestException",
        400,
        "Cluster 'young' is not in ACTIVE status",
        {"clusterName": "young", "nodegroupName": "blue"},
    )


def test_instance_types_in_template_and_request(door: Doorway) -> None:
    assert refused(door, instanceTypes=["m5.large"], **template("typed")) == (
        "InvalidRequestException",
        400,
        "Cannot specify instance types in launch template and API request",
        BOTH,
    )


def test_a_role_of_another_account_may_not_be_passed(door: Doorway) -> None:
    foreign = "arn:aws:iam::999988887777:role/node"
    assert refused(door, nodeRole=foreign) == (
        "AccessDeniedException",
        403,
        f"Cross-account pass role is not allowed. The role {foreign} is not in account 111122223333, which "
        "signed the request",
        {},
    )


def test_the_quota_of_node_groups_per_cluster(door: Doorway) -> None:
    door.has(*(a_nodegroup(name=f"g{n}") for n in range(Quotas().nodegroups_per_cluster)))
    assert refused(door) == (
        "ResourceLimitExceededException",
        400,
        "Cluster prod has 30 node groups, its quota is 30",
        BOTH,
    )


def test_al2_ended_with_kubernetes_1_32(door: Doorway) -> None:
    door.has_cluster(name="old", version="1.32")
    door.has_cluster(name="new", version="1.33")
    assert create(door, clusterName="old", amiType="AL2_x86_64")["releaseVersion"] == "1.32.13-20260714"
    text = "AMI Type AL2_x86_64 is not supported for kubernetes version 1.33"
    assert refused(door, clusterName="new", amiType="AL2_x86_64")[2] == text


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {},
            {
                "status": "CREATING",
                "capacityType": "ON_DEMAND",
                "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2},
                "instanceTypes": ["t3.medium"],
                "amiType": "AL2023_x86_64_STANDARD",
                "version": "1.34",
                "releaseVersion": "1.34.9-20260714",
                "diskSize": 20,
                "updateConfig": {"maxUnavailable": 1},
                "labels": {},
                "tags": {},
                "health": {"issues": []},
            },
        ),
        ({"amiType": "WINDOWS_CORE_2022_x86_64"}, {"diskSize": 50}),
        ({"diskSize": 100}, {"diskSize": 100}),
        ({"instanceTypes": []}, {"instanceTypes": ["t3.medium"]}),
        (
            {"amiType": "AL2023_ARM_64_STANDARD", "instanceTypes": ["m6g.large"]},
            {"amiType": "AL2023_ARM_64_STANDARD"},
        ),
        ({"version": "1.34", "releaseVersion": "1.34.4-20260304"}, {"releaseVersion": "1.34.4-20260304"}),
        (
            template("plain"),
            {
                "launchTemplate": {"name": "plain", "id": "lt-plain", "version": "1"},
                "instanceTypes": ["t3.medium"],
            },
        ),
        (
            template("image") | {"amiType": "CUSTOM"},
            {"amiType": "CUSTOM", "releaseVersion": "ami-1", "version": "1.34"},
        ),
        (template("block") | {"capacityType": "CAPACITY_BLOCK"}, {"capacityType": "CAPACITY_BLOCK"}),
        ({"labels": {"node.kubernetes.io/pool": "x"}}, {"labels": {"node.kubernetes.io/pool": "x"}}),
        (
            {"taints": [{"key": "gpu", "value": "", "effect": "NO_EXECUTE"}]},
            {"taints": [{"key": "gpu", "value": "", "effect": "NO_EXECUTE"}]},
        ),
        (
            {"updateConfig": {"maxUnavailablePercentage": 33}},
            {"updateConfig": {"maxUnavailablePercentage": 33}},
        ),
        (
            {"warmPoolConfig": {"minSize": 1}},
            {"warmPoolConfig": {"enabled": True, "minSize": 1}},
        ),
        ({"nodeRole": "arn:aws:iam::111122223333:role/path/to/node"}, {"status": "CREATING"}),
    ],
    ids=lambda each: str(each)[:50],
)
def test_what_is_accepted_gets_its_defaults(
    door: Doorway, members: dict[str, Any], expected: dict[str, Any]
) -> None:
    group = create(door, **members)
    assert {name: group.get(name) for name in expected} == expected


def test_a_template_brings_its_own_disk_and_access_and_maybe_its_type(door: Doorway) -> None:
    group = create(door, **template("typed"))
    assert group.keys().isdisjoint({"diskSize", "remoteAccess", "instanceTypes"})


def test_without_a_template_there_is_none_in_the_answer(door: Doorway) -> None:
    group = create(door)
    assert group.keys().isdisjoint({"launchTemplate", "resources", "taints", "nodeRepairConfig"})


@pytest.mark.parametrize("status", list(NodegroupStatus))
def test_members_that_clients_dereference_are_there_in_every_state(
    door: Doorway, status: NodegroupStatus
) -> None:
    door.has(a_nodegroup(status=status))
    group = door.client().describe_nodegroup(**BOTH)["nodegroup"]
    needed = ("scalingConfig", "createdAt", "nodeRole", "releaseVersion", "status", "updateConfig", "health")
    assert all(group[name] is not None for name in needed)
    assert set(group["scalingConfig"]) == {"minSize", "maxSize", "desiredSize"}
