"""Networks of templates where moto leaves something out. On moto's thread only."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from moto.ec2.exceptions import InvalidPermissionNotFoundError, InvalidSecurityGroupNotFoundError
from moto.ec2.models import ec2_backends
from moto.ec2.models.security_groups import SecurityGroupIngress
from moto.ec2.models.subnets import Subnet


def apply() -> None:
    """Put ours in the place of moto's, once."""
    Subnet.create_from_cloudformation_json = classmethod(_subnet)  # type: ignore[arg-type]
    SecurityGroupIngress.delete = _revoke


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


def _revoke(self: Any, account: str, region: str) -> None:
    """Take a rule out of its security group; moto leaves it there, and with it a group that it names."""
    told = self.properties
    source = {
        member: told[f"SourceSecurityGroup{suffix}"]
        for member, suffix in (("GroupId", "Id"), ("GroupName", "Name"))
        if told.get(f"SourceSecurityGroup{suffix}")
    }
    ranges = (
        [{"CidrIp": told["CidrIp"], "Description": told.get("Description")}] if told.get("CidrIp") else []
    )
    with suppress(InvalidPermissionNotFoundError, InvalidSecurityGroupNotFoundError):
        ec2_backends[account][region].revoke_security_group_ingress(
            group_name_or_id=self.security_group.id,
            ip_protocol=told["IpProtocol"],
            from_port=told.get("FromPort"),
            to_port=told.get("ToPort"),
            ip_ranges=ranges,
            source_groups=[source] if source else [],
        )
