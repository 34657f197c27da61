"""What an AWS account finds in a Region from the first day: EKS images, their SSM parameters.

And what is made on mention: a subnet or role that a request names. On moto's thread only.
Source: EKS User Guide, retrieve recommended AMI IDs; node IAM role.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from nodeyard import catalog
from nodeyard.world.aws.moto_host import MotoHost

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy")
CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
SUBNET_SIZE = 20
"""Prefix length of a subnet made on mention, as in a default VPC."""
SUBNET_ADDRESSES = 4091
"""Free addresses of such a subnet: AWS keeps five. Source: VPC User Guide, subnet sizing."""


def seed(host: MotoHost, account: str, region: str) -> None:
    """Put the catalog's images and parameters into a Region."""
    _parameters(host.backend("ssm", account, region), account, region)
    _images(host.backend("ec2", account, region), region)


def _parameters(ssm: Any, account: str, region: str) -> None:
    from moto.ssm.models import Parameter

    for name, value in catalog.default().ssm_parameters(region).items():
        # Written over at every start: the catalog may be newer than what is on disk.
        ssm._parameters[name] = [
            Parameter(
                account_id="",
                name=name,
                value=value,
                parameter_type="String",
                description="",
                allowed_pattern=None,
                keyid=None,
                last_modified_date=0.0,
                version=1,
                data_type="text",
                tier="Standard",
            )
        ]


def _images(ec2: Any, region: str) -> None:
    from moto.ec2.models.amis import Ami

    for image_id, release in catalog.default().images(region).items():
        if image_id in ec2.amis:
            continue
        kind = catalog.default().ami_type(release.ami_type)
        assert kind is not None, "every release has a type"
        ec2.amis[image_id] = Ami(
            ec2,
            image_id,
            name=release.image_name,
            description=f"EKS node image, Kubernetes {release.kubernetes_version}",
            owner_id="602401143452",
            owner_alias="amazon",
            public=True,
            virtualization_type="hvm",
            architecture=kind.architecture,
            platform="windows" if kind.family == "WINDOWS" else None,
            hypervisor="xen",
            root_device_type="ebs",
            root_device_name="/dev/sda1" if kind.family == "WINDOWS" else "/dev/xvda",
            region_name=region,
        )


def default_vpc(ec2: Any) -> Any:
    return next(vpc for vpc in ec2.vpcs.values() if vpc.is_default == "true" or vpc.is_default is True)


def make_subnet(ec2: Any, subnet_id: str) -> bool:
    """Make a subnet with this id in the default VPC, in the zone that has fewest; False if it exists."""
    held = [subnet for by_zone in ec2.subnets.values() for subnet in by_zone.values()]
    if any(subnet.id == subnet_id for subnet in held):
        return False
    vpc = default_vpc(ec2)
    mine = [subnet for subnet in held if subnet.vpc_id == vpc.id]
    taken = [ipaddress.ip_network(subnet.cidr_block) for subnet in mine]
    free = next(
        block
        for block in ipaddress.ip_network(vpc.cidr_block).subnets(new_prefix=SUBNET_SIZE)
        if not any(block.overlaps(other) for other in taken)
    )
    zones = sorted({subnet.availability_zone for subnet in mine}) or [f"{ec2.region_name}a"]
    fewest = min(zones, key=lambda zone: sum(subnet.availability_zone == zone for subnet in mine))
    made = ec2.create_subnet(vpc.id, str(free), None, fewest, None)
    made.map_public_ip_on_launch = True  # as the subnets that a default VPC has from the beginning
    for by_zone in ec2.subnets.values():
        if by_zone.pop(made.id, None) is not None:
            _rename_subnet(ec2, made, subnet_id)
            by_zone[subnet_id] = made
            break
    return True


def _rename_subnet(ec2: Any, subnet: Any, new_id: str) -> None:
    # The network ACL of the VPC holds its subnets by id.
    for acl in ec2.network_acls.values():
        for association in acl.associations:
            if association.subnet_id == subnet.id:
                association.subnet_id = new_id
    subnet.id = new_id


def trusted_services(*, china: bool) -> list[str]:
    """Return who may assume a role made on mention."""
    return ["eks.amazonaws.com", "ec2.amazonaws.com.cn" if china else "ec2.amazonaws.com"]


def policy_arns(role_arn: str) -> list[str]:
    """Return the policies of a role made on mention, in its partition."""
    partition = role_arn.split(":")[1]
    return [f"arn:{partition}:iam::aws:policy/{policy}" for policy in NODE_POLICIES + CLUSTER_POLICIES]


def make_role(iam: Any, arn: str, china: bool) -> bool:
    """Make a role that clusters and nodes can use; False if it exists."""
    path, _, name = arn.partition(":role")[2].rpartition("/")
    if any(role.name == name for role in iam.roles.values()):
        return False
    services = trusted_services(china=china)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"},
        ],
    }
    iam.create_role(name, json.dumps(trust), f"{path}/", None, "Made when a request named it", [], 3600)
    for policy in policy_arns(arn):
        iam.attach_role_policy(policy, name)
    return True
