"""Subnets of templates with the addresses they assign, which moto leaves out. On moto's thread only."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.subnets import Subnet


def apply() -> None:
    """Put ours in the place of moto's, once."""
    Subnet.create_from_cloudformation_json = classmethod(_create)  # type: ignore[arg-type]


_create_subnet = Subnet.create_from_cloudformation_json.__func__


def _create(
    cls: Any, resource_name: str, json: dict[str, Any], account: str, region: str, **more: Any
) -> Any:
    subnet = _create_subnet(cls, resource_name, json, account, region, **more)
    properties = json["Properties"]
    subnet.map_public_ip_on_launch = _true(properties.get("MapPublicIpOnLaunch"))
    subnet.assign_ipv6_address_on_creation = _true(properties.get("AssignIpv6AddressOnCreation"))
    return subnet


def _true(value: Any) -> bool:
    """Say whether a property is set; YAML and JSON templates write it as a text as well."""
    return str(value).lower() == "true"
