"""Can nodes get an address and reach the cluster? Source: reference, health issue codes."""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.health import Issue, IssueCode
from nodeyard.planner.health.facts import Facts


def security_groups(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    if facts.findings is None:
        return ()
    wanted = (facts.cluster_security_group, facts.group.resources.remote_access_security_group)
    gone = tuple(each for each in wanted if each and each not in facts.findings.security_groups)
    if not gone:
        return ()
    text = (
        f"Security group {', '.join(gone)} of the cluster or node group does not exist any more. The cluster "
        "must be created again if it was the cluster's, else the node group."
    )
    return (Issue(IssueCode.EC2_SECURITY_GROUP_NOT_FOUND, text, gone),)


def subnets_exist(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    if facts.findings is None:
        return ()
    there = {each.id for each in facts.findings.subnets}
    gone = tuple(each for each in facts.group.subnets if each not in there)
    if not gone:
        return ()
    text = (
        f"Subnet {', '.join(gone)} of the node group does not exist any more. "
        "Create a node group in subnets that exist, and delete this one."
    )
    return (Issue(IssueCode.EC2_SUBNET_NOT_FOUND, text, gone),)


def public_addresses(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Look for subnets that lead to the internet but give no public address to instances."""
    subnets = facts.findings.subnets if facts.findings else ()
    wrong = tuple(each.id for each in subnets if each.internet_gateway and not each.public_ip_on_launch)
    if not wrong:
        return ()
    text = (
        f"One or more Amazon EC2 Subnets of [{', '.join(wrong)}] for node group {facts.group.name} does not "
        "automatically assign public IP addresses to instances launched into it. If you want your instances "
        "to be assigned a public IP address, then you need to enable auto-assign public IP address for the "
        "subnet."
    )
    return (Issue(IssueCode.EC2_SUBNET_INVALID_CONFIGURATION, text, wrong),)


def ipv6_addresses(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    subnets = facts.findings.subnets if facts.findings and facts.ipv6 else ()
    wrong = tuple(each.id for each in subnets if not each.ipv6_on_launch)
    if not wrong:
        return ()
    text = (
        f"Subnet {', '.join(wrong)} does not assign IPv6 addresses on launch, which the nodes of an IPv6 "
        "cluster need. Enable auto-assign IPv6 address for the subnet."
    )
    return (Issue(IssueCode.EC2_SUBNET_MISSING_IPV6_ASSIGNMENT, text, wrong),)


def free_addresses(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    full = (
        tuple(each.id for each in facts.findings.subnets if not each.free_addresses) if facts.findings else ()
    )
    if not full:
        return ()
    text = (
        f"Subnet {', '.join(full)} of the node group does not have enough available IP addresses for new "
        "nodes. Free some, or create a node group in other subnets."
    )
    return (Issue(IssueCode.INSUFFICIENT_FREE_ADDRESSES, text, full),)
