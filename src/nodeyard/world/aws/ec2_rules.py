"""Refusals of EC2 that moto does not have: of what is in use, does not exist, or is not in the right state.

Called by the embedded AWS on moto's thread, before moto answers. The contract tests of Compute hold
these against the AWS in memory. Sentences are those of EC2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from nodeyard.world.aws import moto_instances
from nodeyard.world.aws.fleet import PENDING, SHUTTING_DOWN, STOPPING, TERMINATED
from nodeyard.world.aws.moto_host import AwsRequest, AwsResponse, MotoHost

Refusal = tuple[str, str]
Fields = dict[str, list[str]]


def refusal(host: MotoHost, request: AwsRequest, action: str) -> AwsResponse | None:
    """Return the answer to a request that EC2 would refuse and moto would not, None to go on."""
    rule = _RULES.get(action)
    if request.target.service != "ec2" or rule is None:
        return None
    fields = parse_qs(request.body.decode("utf-8", "replace"))
    refused = rule(host.backend("ec2", request.target.account, request.target.region), fields)
    return None if refused is None else _answer(*refused)


def _one(fields: Fields, name: str) -> str:
    return fields.get(name, [""])[0]


def _no_such_template(ec2: Any, fields: Fields) -> Refusal | None:
    name = _one(fields, "LaunchTemplateName")
    if not name or name in ec2.launch_template_name_to_ids:
        return None
    return (
        "InvalidLaunchTemplateName.NotFoundException",
        f"The specified launch template, with template name {name}, does not exist.",
    )


def _no_such_vpc(ec2: Any, fields: Fields) -> Refusal | None:
    vpc = _one(fields, "VpcId")
    if not vpc or vpc in ec2.vpcs:
        return None
    return "InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"


def _group_in_use(ec2: Any, fields: Fields) -> Refusal | None:
    group = _one(fields, "GroupId")
    used = any(
        held.id == group
        for instance in moto_instances.every(ec2)
        if instance._state.name != "terminated"
        for nic in instance.nics.values()
        for held in nic.group_set
    )
    left_over = any(
        held.id == group
        for nic in ec2.enis.values()
        if nic.instance is None  # those of containers and load balancers, which outlive their nodes
        for held in nic.group_set
    )
    named = any(
        (rule.source_group or {}).get("GroupId") == group
        for by_id in ec2.groups.values()
        for other in by_id.values()
        if other.id != group
        for rule in other.ingress_rules
    )
    if not (used or left_over or named):
        return None
    return "DependencyViolation", f"resource {group} has a dependent object"


def _state(forbidden: frozenset[str], verb: str) -> Callable[[Any, Fields], Refusal | None]:
    """Return the rule that no instance in one of these states can be asked to stop or start."""

    def rule(ec2: Any, fields: Fields) -> Refusal | None:
        asked = {values[0] for name, values in fields.items() if name.startswith("InstanceId.")}
        for one in moto_instances.every(ec2):
            if one.id in asked and one._state.name in forbidden:
                text = f"The instance '{one.id}' is not in a state from which it can be {verb}."
                return "IncorrectInstanceState", text
        return None

    return rule


_RULES: dict[str, Callable[[Any, Fields], Refusal | None]] = {
    "CreateSecurityGroup": _no_such_vpc,
    "DeleteLaunchTemplate": _no_such_template,
    "DeleteSecurityGroup": _group_in_use,
    "StartInstances": _state(frozenset({STOPPING, SHUTTING_DOWN, TERMINATED}), "started"),
    "StopInstances": _state(frozenset({PENDING, SHUTTING_DOWN, TERMINATED}), "stopped"),
}


def _answer(code: str, message: str) -> AwsResponse:
    body = (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        "<RequestID>00000000-0000-4000-8000-000000000000</RequestID></Response>"
    )
    return AwsResponse(400, (("content-type", "text/xml;charset=UTF-8"),), body.encode())
