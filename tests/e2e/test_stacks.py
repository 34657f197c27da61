"""A stack of the embedded CloudFormation makes a node group of the running service, and takes it away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.service import Service, running

POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy")


def role(service: str, *policies: str) -> dict[str, Any]:
    """Return a role of a template; the partition is that of the Region."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    arns = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{each}"} for each in policies]
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": document, "ManagedPolicyArns": arns},
    }


def template(most: int) -> str:
    subnets = {
        f"Subnet{zone}": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {
                "VpcId": {"Ref": "Network"},
                "CidrBlock": f"10.9.{number}.0/24",
                "AvailabilityZone": {"Fn::Sub": f"${{AWS::Region}}{zone}"},
                "MapPublicIpOnLaunch": True,
            },
        }
        for number, zone in enumerate("ab")
    }
    refs = [{"Ref": each} for each in subnets]
    resources = subnets | {
        "Network": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "ClusterRole": role("eks.amazonaws.com", "AmazonEKSClusterPolicy"),
        "NodeRole": role("ec2.amazonaws.com", *POLICIES),
        "Machine": {
            "Type": "AWS::EC2::LaunchTemplate",
            "Properties": {"LaunchTemplateData": {"InstanceType": "m6i.large"}},
        },
        "Cluster": {
            "Type": "AWS::EKS::Cluster",
            "Properties": {
                "Name": "stacked",
                "RoleArn": {"Fn::GetAtt": ["ClusterRole", "Arn"]},
                "ResourcesVpcConfig": {"SubnetIds": refs},
            },
        },
        "Nodes": {
            "Type": "AWS::EKS::Nodegroup",
            "Properties": {
                "ClusterName": {"Ref": "Cluster"},
                "NodegroupName": "workers",
                "NodeRole": {"Fn::GetAtt": ["NodeRole", "Arn"]},
                "Subnets": refs,
                "ScalingConfig": {"MinSize": 1, "MaxSize": most, "DesiredSize": 1},
                "LaunchTemplate": {
                    "Id": {"Ref": "Machine"},
                    "Version": {"Fn::GetAtt": ["Machine", "LatestVersionNumber"]},
                },
            },
        },
    }
    outputs = {"Endpoint": {"Value": {"Fn::GetAtt": ["Cluster", "Endpoint"]}}}
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("stacks"), "--speed", "400") as made:
        yield made


def test_an_answer_has_one_date(service: Service) -> None:
    """The AWS SDK for JavaScript reads the clock of AWS from it, and gives up when there are two."""
    seen = []
    client = service.client("sts")
    client.meta.events.register("after-call", lambda http_response, **_: seen.append(http_response))
    client.get_caller_identity()
    assert seen[0].raw.headers.getlist("date") == [seen[0].headers["date"]]


def test_a_stack_makes_changes_and_removes_a_node_group_over_a_kill(service: Service) -> None:
    clouds = service.client("cloudformation")

    def status() -> str:
        return str(service.client("cloudformation").describe_stacks(StackName=id)["Stacks"][0]["StackStatus"])

    id = clouds.create_stack(StackName="yard", TemplateBody=template(2))["StackId"]
    service.kill()  # as a power cut, while the group comes up or before
    service.start("--speed", "400")
    service.until(lambda: status() == "CREATE_COMPLETE")
    eks, named = service.client("eks"), {"clusterName": "stacked", "nodegroupName": "workers"}
    group = eks.describe_nodegroup(**named)["nodegroup"]
    assert (group["status"], group["scalingConfig"]["maxSize"]) == ("ACTIVE", 2)
    (output,) = service.client("cloudformation").describe_stacks(StackName=id)["Stacks"][0]["Outputs"]
    assert output["OutputValue"] == eks.describe_cluster(name="stacked")["cluster"]["endpoint"]

    service.client("cloudformation").update_stack(StackName=id, TemplateBody=template(3))
    service.until(lambda: status() == "UPDATE_COMPLETE")
    group = eks.describe_nodegroup(**named)["nodegroup"]
    assert group["scalingConfig"]["maxSize"] == 3
    assert group["launchTemplate"]["version"] == "1"

    service.client("cloudformation").delete_stack(StackName=id)
    service.until(lambda: status() == "DELETE_COMPLETE")
    assert eks.list_clusters()["clusters"] == []
    assert service.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
