"""DescribeSpotInstanceRequests about the instances of Auto Scaling groups. Pure.

Moto keeps no requests for them. This is where EC2's two-minute notice can be asked for: the status
of the request is then `marked-for-termination`. Called by the embedded AWS before it asks moto.
Source: EC2 API reference, SpotInstanceRequest; EC2 User Guide, Spot Instance request status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from nodeyard.world.aws.fleet import Machine

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
_CODES = {
    False: ("fulfilled", "Your spot request is fulfilled."),
    True: ("marked-for-termination", "Your Spot Instance is marked for termination."),
}


def instance_ids(parameters: Mapping[str, list[str]]) -> set[str]:
    """Return the values of the filter `instance-id`; empty when a request has none."""
    return _filters(parameters).get("instance-id", set())


def answer(
    parameters: Mapping[str, list[str]],
    machines: Iterable[Machine],
    noticed: Mapping[str, datetime],
    request_id: str,
) -> bytes:
    """Return the requests behind these Spot instances, as far as the request's filters let them through."""
    filters = _filters(parameters)
    items = []
    for each in machines:
        at = noticed.get(each.id)
        code, message = _CODES[at is not None]
        shown = {
            "instance-id": each.id,
            "status-code": code,
            "state": "active",
            "spot-instance-request-id": f"sir-{each.id[-8:]}",
        }
        if all(shown.get(name) in values for name, values in filters.items()):
            items.append(
                _item(each, shown["spot-instance-request-id"], code, message, at or each.launched_at)
            )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><DescribeSpotInstanceRequestsResponse xmlns="{NAMESPACE}">'
        f"<requestId>{request_id}</requestId><spotInstanceRequestSet>{''.join(items)}"
        "</spotInstanceRequestSet></DescribeSpotInstanceRequestsResponse>"
    ).encode()


def _item(machine: Machine, id: str, code: str, message: str, changed: datetime) -> str:
    return (
        f"<item><spotInstanceRequestId>{id}</spotInstanceRequestId><state>active</state><type>one-time</type>"
        f"<status><code>{code}</code><updateTime>{_time(changed)}</updateTime><message>{escape(message)}"
        f"</message></status><instanceId>{machine.id}</instanceId>"
        f"<createTime>{_time(machine.launched_at)}</createTime>"
        f"<launchedAvailabilityZone>{machine.zone}</launchedAvailabilityZone></item>"
    )


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _filters(parameters: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return filter -> values from `Filter.1.Name`, `Filter.1.Value.1` and so on."""
    found: dict[str, set[str]] = {}
    for key, names in parameters.items():
        if key.startswith("Filter.") and key.endswith(".Name"):
            values = f"{key.removesuffix('Name')}Value."
            found[names[0]] = {given[0] for each, given in parameters.items() if each.startswith(values)}
    return found
