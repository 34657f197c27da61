"""Health of node groups in a real process: what a user breaks with boto3 is told, and heals when undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from tests.e2e.service import ACCOUNT, REGION, Service, running

CLUSTER = "prod"
GROUP = "blue"
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/node"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as made:
        yield made


class Ward:
    """One cluster of a real process, its group, and the clients to break and mend them."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.eks = service.client("eks")
        self.ec2 = service.client("ec2")
        self.iam = service.client("iam")
        self.auto_scaling = service.client("autoscaling")
        self.subnets = [each["SubnetId"] for each in self.ec2.describe_subnets()["Subnets"]][:2]
        self.home = self.subnets
        config = {"subnetIds": self.home}
        self.eks.create_cluster(name=CLUSTER, roleArn=f"{ROLE}-of-the-cluster", resourcesVpcConfig=config)
        service.until(lambda: self.eks.describe_cluster(name=CLUSTER)["cluster"]["status"] == "ACTIVE")

    def create(self, **more: Any) -> None:
        self.eks.create_nodegroup(
            clusterName=CLUSTER,
            nodegroupName=GROUP,
            subnets=self.subnets,
            nodeRole=ROLE,
            scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": 1},
            **more,
        )

    def group(self) -> Any:
        return self.eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=GROUP)["nodegroup"]

    def until(self, status: str) -> None:
        self.service.until(lambda: self.group()["status"] == status)

    def issues(self) -> dict[str, Any]:
        return {each["code"]: each for each in self.group()["health"]["issues"]}

    def until_issues(self, *codes: str) -> dict[str, Any]:
        self.service.until(lambda: self.issues().keys() == set(codes))
        return self.issues()

    def wait(self, waiter: str) -> None:
        """Wait as the SDK does, at the pace of a fast world."""
        self.eks.get_waiter(waiter).wait(
            clusterName=CLUSTER, nodegroupName=GROUP, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


@pytest.fixture
def ward(service: Service) -> Ward:
    return Ward(service)


def test_a_launch_template_deleted_by_hand_degrades_the_group(ward: Ward) -> None:
    ward.create()
    ward.until("ACTIVE")
    (template,) = ward.ec2.describe_launch_templates()["LaunchTemplates"]
    ward.ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    issue = ward.until_issues("Ec2LaunchTemplateNotFound")["Ec2LaunchTemplateNotFound"]
    assert issue["resourceIds"] == [template["LaunchTemplateId"]]
    ward.until("DEGRADED")
    with pytest.raises(botocore.exceptions.ClientError, match="health issue"):
        ward.eks.update_nodegroup_version(clusterName=CLUSTER, nodegroupName=GROUP)


def test_a_group_heals_when_what_was_changed_by_hand_is_undone(ward: Ward) -> None:
    ward.create()
    ward.until("ACTIVE")
    name = ward.group()["resources"]["autoScalingGroups"][0]["name"]
    ward.auto_scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])
    profile = name.replace(f"-{GROUP}-", "-")
    role = ROLE.rsplit("/", 1)[-1]
    ward.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    ward.iam.delete_instance_profile(InstanceProfileName=profile)
    issues = ward.until_issues("AutoScalingGroupInvalidConfiguration", "IamInstanceProfileNotFound")
    assert "Launch is suspended" in issues["AutoScalingGroupInvalidConfiguration"]["message"]
    ward.until("DEGRADED")
    ward.auto_scaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["Launch"])
    ward.iam.create_instance_profile(InstanceProfileName=profile)
    ward.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    ward.until_issues()
    ward.until("ACTIVE")


def test_waiters_end_right_for_success_and_deletion(ward: Ward) -> None:
    ward.create()
    ward.wait("nodegroup_active")
    assert ward.group()["status"] == "ACTIVE"
    ward.eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName=GROUP)
    ward.wait("nodegroup_deleted")
    assert ward.eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []


def _public_subnet_without_addresses(ward: Ward) -> str:
    (vpc,) = ward.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    vpc_id = vpc["VpcId"]
    made = ward.ec2.create_subnet(VpcId=vpc_id, CidrBlock="172.31.240.0/24", AvailabilityZone=f"{REGION}a")
    subnet = made["Subnet"]["SubnetId"]
    gateway = ward.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ward.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc_id)
    table = ward.ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    ward.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ward.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return str(subnet)


def test_3_waiters_end_right_for_success_create_failed_and_delete_failed(ward: Ward) -> None:
    subnet = _public_subnet_without_addresses(ward)
    ward.subnets = [subnet]
    ward.ec2.create_key_pair(KeyName="key")
    ward.create(remoteAccess={"ec2SshKey": "key"})
    with pytest.raises(botocore.exceptions.WaiterError, match="CREATE_FAILED"):
        ward.wait("nodegroup_active")
    assert ward.issues()["Ec2SubnetInvalidConfiguration"]["resourceIds"] == [subnet]
    security_group = ward.group()["resources"]["remoteAccessSecurityGroup"]
    held = ward.ec2.create_network_interface(SubnetId=ward.home[0], Groups=[security_group])
    ward.eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName=GROUP)
    with pytest.raises(botocore.exceptions.WaiterError, match="DELETE_FAILED"):
        ward.wait("nodegroup_deleted")
    assert ward.issues()["Ec2SecurityGroupDeletionFailure"]["resourceIds"] == [security_group]
    interface = held["NetworkInterface"]["NetworkInterfaceId"]
    ward.ec2.delete_network_interface(NetworkInterfaceId=interface)
    ward.eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName=GROUP)
    ward.wait("nodegroup_deleted")
