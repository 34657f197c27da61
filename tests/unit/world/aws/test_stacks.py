"""CloudFormation stacks of the embedded AWS: made by moto, kept, refused where they cannot be made whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.world.aws.host import REGION, Aws


def template(**resources: dict[str, Any]) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


NETWORK = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
SUBNET: dict[str, Any] = {
    "Type": "AWS::EC2::Subnet",
    "Properties": {"VpcId": {"Ref": "Network"}, "CidrBlock": "10.9.1.0/24"},
}


async def stacks(aws: Aws) -> list[str]:
    """Return the names of the stacks of the account, which other tests share."""
    return [each["StackName"] for each in (await aws.call("cloudformation", "describe_stacks"))["Stacks"]]


async def test_a_stack_makes_what_other_calls_then_find_and_takes_it_away_again(tmp_path: Path) -> None:
    aws = Aws(tmp_path)
    body = template(Network=NETWORK, Subnet=SUBNET)
    await aws.call("cloudformation", "create_stack", StackName="net", TemplateBody=body)
    mine = {"Filters": [{"Name": "cidr", "Values": ["10.9.0.0/16"]}]}
    (made,) = (await aws.call("ec2", "describe_vpcs", **mine))["Vpcs"]

    # The first process is left as it is: a kill closes and writes nothing.
    again = Aws(tmp_path)
    found = await again.call("cloudformation", "describe_stack_resources", StackName="net")
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"]}
    assert ids["Network"] == made["VpcId"]

    await again.call("cloudformation", "delete_stack", StackName="net")
    assert (await again.call("ec2", "describe_vpcs", **mine))["Vpcs"] == []


async def test_rules_between_security_groups_are_made_and_deleted(tmp_path: Path) -> None:
    """Also those in a group of somebody else, as that of a cluster is."""
    aws = Aws(tmp_path)
    vpc = (await aws.call("ec2", "describe_vpcs"))["Vpcs"][0]["VpcId"]
    made = await aws.call("ec2", "create_security_group", GroupName="plane", Description="x", VpcId=vpc)
    group = {"GroupDescription": "of a test", "VpcId": vpc}
    rule = {
        "GroupId": {"Ref": "Nodes"},
        "SourceSecurityGroupId": made["GroupId"],
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 9,
    }
    body = template(
        Nodes={"Type": "AWS::EC2::SecurityGroup", "Properties": group},
        Rule={"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule},
        Back={
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": rule | {"GroupId": made["GroupId"], "SourceSecurityGroupId": {"Ref": "Nodes"}},
        },
    )
    before = (await aws.call("ec2", "describe_security_groups"))["SecurityGroups"]
    await aws.call("cloudformation", "create_stack", StackName="net", TemplateBody=body)
    await aws.call("cloudformation", "delete_stack", StackName="net")
    assert "net" not in await stacks(aws)
    assert (await aws.call("ec2", "describe_security_groups"))["SecurityGroups"] == before
    await aws.call("ec2", "delete_security_group", GroupId=made["GroupId"])


async def test_a_whole_network_is_deleted_with_its_stack(tmp_path: Path) -> None:
    """As those that eksctl and the CDK make: moto says so of most of it, and leaves it where it is."""
    aws = Aws(tmp_path)
    calls = ("vpcs", "subnets", "route_tables", "internet_gateways", "addresses", "security_groups")
    vpc, table, public = {"Ref": "Network"}, {"Ref": "Table"}, {"Ref": "Subnet"}
    everywhere = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    service = f"com.amazonaws.{REGION}.s3"

    async def there() -> dict[str, Any]:
        return {
            call: (await aws.call("ec2", f"describe_{call}")) | {"ResponseMetadata": None} for call in calls
        }

    before = await there()
    body = template(
        Network=NETWORK,
        Subnet=SUBNET,
        Gateway={"Type": "AWS::EC2::InternetGateway", "Properties": {}},
        Attached={
            "Type": "AWS::EC2::VPCGatewayAttachment",
            "Properties": {"VpcId": vpc, "InternetGatewayId": {"Ref": "Gateway"}},
        },
        Table={"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": vpc}},
        Out={
            "Type": "AWS::EC2::Route",
            "Properties": everywhere | {"GatewayId": {"Ref": "Gateway"}},
            "DependsOn": "Attached",
        },
        Joined={
            "Type": "AWS::EC2::SubnetRouteTableAssociation",
            "Properties": {"RouteTableId": table, "SubnetId": public},
        },
        Address={"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
        Nat={
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "SubnetId": public,
                "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            },
        },
        Endpoint={
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {"VpcId": vpc, "ServiceName": service, "RouteTableIds": [table]},
        },
    )
    await aws.call("cloudformation", "create_stack", StackName="net", TemplateBody=body)
    assert (
        len((await there())["route_tables"]["RouteTables"]) == len(before["route_tables"]["RouteTables"]) + 2
    )
    await aws.call("cloudformation", "delete_stack", StackName="net")
    assert "net" not in await stacks(aws)
    assert await there() == before


@pytest.mark.parametrize("written", [True, "true"])
async def test_a_subnet_of_a_template_assigns_the_addresses_that_it_says(
    written: Any, tmp_path: Path
) -> None:
    aws = Aws(tmp_path)
    public = {**SUBNET, "Properties": SUBNET["Properties"] | {"MapPublicIpOnLaunch": written}}
    private = {**SUBNET, "Properties": SUBNET["Properties"] | {"CidrBlock": "10.9.2.0/24"}}
    body = template(Network=NETWORK, Public=public, Private=private)
    await aws.call("cloudformation", "create_stack", StackName="net", TemplateBody=body)
    found = (await aws.call("ec2", "describe_subnets"))["Subnets"]
    told = {each["CidrBlock"]: each["MapPublicIpOnLaunch"] for each in found}
    await aws.call("cloudformation", "delete_stack", StackName="net")
    assert (told["10.9.1.0/24"], told["10.9.2.0/24"]) == (True, False)


@pytest.mark.parametrize(
    "unknown", ["AWS::EKS::Nodegroup", "AWS::AutoScaling::AutoScalingGroup", "AWS::No::Such"]
)
async def test_a_template_that_cannot_be_made_whole_makes_nothing(unknown: str, tmp_path: Path) -> None:
    aws = Aws(tmp_path)
    before = await aws.call("ec2", "describe_vpcs")
    body = template(Network=NETWORK, Other={"Type": unknown, "Properties": {}})
    with pytest.raises(ClientError) as refused:
        await aws.call("cloudformation", "create_stack", StackName="net", TemplateBody=body)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert f"Template format error: Unrecognized resource types: [{unknown}]" in error["Message"]
    assert (await aws.call("ec2", "describe_vpcs"))["Vpcs"] == before["Vpcs"]
