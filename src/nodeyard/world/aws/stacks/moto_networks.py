"""Networks of templates where moto leaves something out. On moto's thread only.

Of most kinds it says that they are deleted and leaves them where they are, so that a stack with a network
could never be deleted: its VPC still had what depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.flow_logs import FlowLogs
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.security_groups import SecurityGroupIngress
from moto.ec2.models.subnets import Subnet, SubnetRouteTableAssociation
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment

Delete = Callable[[Any, Any], object]
"""How a backend of EC2 deletes a thing."""
_GONE = ("NotFound", "NotAttached")
"""Ends of the codes that say that there is nothing to delete any more, which is fine."""


def apply() -> None:
    """Put ours in the place of moto's, once."""
    Subnet.create_from_cloudformation_json = classmethod(_subnet)  # type: ignore[arg-type]
    for kind, delete in _DELETES.items():
        kind.delete = _deleting(delete)


_create_subnet = Subnet.create_from_cloudformation_json.__func__


def _subnet(
    cls: Any, resource_name: str, json: dict[str, Any], account: str, region: str, **more: Any
) -> Any:
    """Make a subnet that assigns the addresses that its template says; moto's assigns none."""
    subnet = _create_subnet(cls, resource_name, json, account, region, **more)
    properties = json["Properties"]
    subnet.map_public_ip_on_launch = _true(properties.get("MapPublicIpOnLaunch"))
    subnet.assign_ipv6_address_on_creation = _true(properties.get("AssignIpv6AddressOnCreation"))
    return subnet


def _true(value: Any) -> bool:
    """Say whether a property is set; YAML and JSON templates write it as a text as well."""
    return str(value).lower() == "true"


def _deleting(delete: Delete) -> Callable[[Any, str, str], None]:
    def method(self: Any, account: str, region: str) -> None:
        try:
            delete(ec2_backends[account][region], self)
        except EC2ClientError as error:
            if not error.error_type.endswith(_GONE):
                raise

    return method


def _revoke(ec2: Any, rule: SecurityGroupIngress) -> None:
    told = rule.properties
    members = (("GroupId", "SourceSecurityGroupId"), ("GroupName", "SourceSecurityGroupName"))
    source = {member: told[name] for member, name in members if told.get(name)}
    block = {"CidrIp": told.get("CidrIp"), "Description": told.get("Description")}
    ec2.revoke_security_group_ingress(
        group_name_or_id=rule.security_group.id,
        ip_protocol=told["IpProtocol"],
        from_port=told.get("FromPort"),
        to_port=told.get("ToPort"),
        ip_ranges=[block] if block["CidrIp"] else [],
        source_groups=[source] if source else [],
    )


def _disassociate(ec2: Any, one: SubnetRouteTableAssociation) -> None:
    table = ec2.route_tables.get(one.route_table_id)
    for association, subnet in [*table._associations.items()] if table else ():
        if subnet == one.subnet_id:
            ec2.disassociate_route_table(association)


def _detach(ec2: Any, one: VPCGatewayAttachment) -> None:
    if str(one.gateway_id).startswith("igw-"):
        ec2.detach_internet_gateway(one.gateway_id, one.vpc_id)
    else:
        ec2.detach_vpn_gateway(one.gateway_id, one.vpc_id)


_DELETES: dict[Any, Delete] = {
    SecurityGroupIngress: _revoke,
    SubnetRouteTableAssociation: _disassociate,
    VPCGatewayAttachment: _detach,
    ElasticAddress: lambda ec2, it: ec2.release_address(allocation_id=it.allocation_id),
    FlowLogs: lambda ec2, it: ec2.delete_flow_logs([it.id]),
    InternetGateway: lambda ec2, it: ec2.delete_internet_gateway(it.id),
    NatGateway: lambda ec2, it: ec2.delete_nat_gateway(it.id),
    Route: lambda ec2, it: ec2.delete_route(
        it.route_table.id, it.destination_cidr_block, it.destination_ipv6_cidr_block
    ),
    RouteTable: lambda ec2, it: ec2.delete_route_table(it.id),
    VPCEndPoint: lambda ec2, it: ec2.delete_vpc_endpoints([it.id]),
}
