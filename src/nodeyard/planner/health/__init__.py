"""What is wrong with a node group? Pure; called by `flows.nodegroup.health` with the facts of one look.

`check` asks every question of its list; `failures` says what an error of a pass means, and
`consequences` what an issue does to the group. Source: reference, health issue codes.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner.health import groups, made_from, networks, nodes
from nodeyard.planner.health.facts import Check, Facts

CHECKS: tuple[Check, ...] = (
    groups.exists,
    groups.is_configured,
    groups.is_not_refreshed,
    groups.uses_our_template,
    made_from.own_template,
    made_from.source_template,
    made_from.image,
    made_from.instance_types,
    made_from.node_role,
    made_from.instance_profile,
    networks.security_groups,
    networks.subnets_exist,
    networks.public_addresses,
    networks.ipv6_addresses,
    networks.free_addresses,
    nodes.launches,
    nodes.join,
    nodes.evictions,
    nodes.terminations,
)
"""In the order in which issues are told. Where two find the same code, the first one speaks."""

LEAVING_CHECKS: tuple[Check, ...] = (nodes.evictions, nodes.terminations)
"""For a group that is being deleted: what it stood on does not matter any more."""


def check(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Return everything that is wrong, each code in the words of the check that knows most of it."""
    deleting = facts.group.status is NodegroupStatus.DELETING
    said: set[IssueCode] = set()
    issues: list[Issue] = []
    for question in LEAVING_CHECKS if deleting else CHECKS:
        found = [each for each in question(facts, now) if each.code not in said]
        said.update(each.code for each in found)
        issues += found
    return tuple(issues)


__all__ = ["CHECKS", "LEAVING_CHECKS", "Check", "Facts", "check"]
