"""What a group should do next: how many, where, of which kind, and which instance goes. Pure."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nodeyard.world.aws.autoscaling.records import IN_SERVICE, Group, Member, choice
from nodeyard.world.aws.fleet import TemplateChoice

RETRY_FIRST_S = 20.0
RETRY_MAX_S = 600.0
REBALANCE_SHARE = 0.1
"""A group grows by this share at most while its zones are balanced."""

_CAPACITY_CODES = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientFreeAddressesInSubnet",
        "UnfulfillableCapacity",
        "VcpuLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "InstanceLimitExceeded",
        "InsufficientCapacity",
        "InsufficientHostCapacity",
    }
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A type and template to try. None as type: the one that the template names."""

    instance_type: str | None
    template: TemplateChoice


def offers(group: Group, *, spot: bool) -> tuple[Offer, ...]:
    """Return what a launch may use, best first.

    The order of the overrides is the priority for on-demand instances and for the spot strategies
    that prioritize; there are no spot prices here, so the other spot strategies keep it too.
    """
    policy = group.policy
    overrides = policy["LaunchTemplate"].get("Overrides") if policy else None
    if not overrides:
        return (Offer(None, group.template),)
    found = [
        Offer(
            one.get("InstanceType"),
            choice(one["LaunchTemplateSpecification"])
            if one.get("LaunchTemplateSpecification")
            else group.template,
        )
        for one in overrides
    ]
    return tuple(dict.fromkeys(found))


def by_kind(group: Group, have_on_demand: int, have: int, wanted: int) -> tuple[int, int]:
    """Return how many of `wanted` new instances are on-demand and how many spot."""
    policy = group.policy
    if policy is None:
        return wanted, 0
    distribution = policy.get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    percent = distribution.get("OnDemandPercentageAboveBaseCapacity")
    share = 100 if percent is None else int(percent)
    total = have + wanted
    above = max(0, total - base)
    target = min(base, total) + math.ceil(above * share / 100)
    on_demand = min(wanted, max(0, target - have_on_demand))
    return on_demand, wanted - on_demand


def spread(subnets: Mapping[str, str], counts: Mapping[str, int], wanted: int) -> dict[str, int]:
    """Return subnet -> new instances, so that zones end up as even as they can be.

    `subnets` maps subnet to zone; several subnets of one zone share what the zone gets in turn.
    """
    by_zone: dict[str, list[str]] = {}
    for subnet, zone in subnets.items():
        by_zone.setdefault(zone, []).append(subnet)
    heap = [(counts.get(zone, 0), order, zone) for order, zone in enumerate(by_zone)]
    heapq.heapify(heap)
    given: Counter[str] = Counter()
    turns: Counter[str] = Counter()
    for _ in range(wanted if heap else 0):
        count, order, zone = heap[0]
        choices = by_zone[zone]
        given[choices[turns[zone] % len(choices)]] += 1
        turns[zone] += 1
        heapq.heapreplace(heap, (count + 1, order, zone))
    return dict(given)


def to_balance(group: Group, zones: Mapping[str, int], counted: int) -> int:
    """Return how many instances to launch so that others can go and zones be even; 0 when they are."""
    own = set(group.zones.values())
    if not own or not counted:
        return 0
    per_zone = {zone: zones.get(zone, 0) for zone in own}
    outside = sum(count for zone, count in zones.items() if zone not in own)
    if max(per_zone.values()) - min(per_zone.values()) < 2 and not outside:
        return 0
    low = counted // len(own)
    lacking = sum(max(0, low - count) for count in per_zone.values())
    return min(max(1, lacking), max(1, math.ceil(counted * REBALANCE_SHARE)))


def victims(
    group: Group, members: Iterable[Member], wanted: int, current: TemplateChoice | None
) -> list[Member]:
    """Return the instances that scale-in takes: from the fullest zone, by the group's policies."""
    candidates: dict[str, list[Member]] = {}
    counts: Counter[str] = Counter()
    on_demand = total = 0
    for member in members:
        if not member.counted:
            continue
        counts[member.zone] += 1
        total += 1
        on_demand += not member.spot
        if not (member.protected and member.state == IN_SERVICE):
            candidates.setdefault(member.zone, []).append(member)
    excess_on_demand = on_demand > by_kind(group, 0, 0, max(0, total - wanted))[0]
    policies = tuple(group.settings.get("TerminationPolicies") or ("Default",))
    for found in candidates.values():
        found.sort(key=lambda one: _rank(one, policies, current, excess_on_demand), reverse=True)
    own_zones = set(group.zones.values())
    heap = [(zone in own_zones, -counts[zone], zone) for zone in candidates]
    heapq.heapify(heap)
    chosen: list[Member] = []
    while heap and len(chosen) < wanted:
        own, count, zone = heapq.heappop(heap)
        chosen.append(candidates[zone].pop())
        if candidates[zone]:
            heapq.heappush(heap, (own, count + 1, zone))
    return chosen


def _rank(
    member: Member, policies: tuple[str, ...], current: TemplateChoice | None, excess_on_demand: bool
) -> tuple[object, ...]:
    """Return a sort key: the lowest goes first."""
    rank: list[object] = [member.healthy]
    for policy in policies:
        if policy in ("AllocationStrategy", "Default"):
            rank.append(member.spot if excess_on_demand else not member.spot)
        if policy in ("OldestLaunchTemplate", "OldestLaunchConfiguration", "Default"):
            rank.append(_template_rank(member, current))
        if policy == "NewestInstance":
            rank.append(-member.launched_at.timestamp())
        if policy in ("OldestInstance", "Default"):
            rank.append(member.launched_at)
        if policy == "ClosestToNextInstanceHour":
            rank.append(3600 - member.launched_at.minute * 60 - member.launched_at.second)
    return (*rank, member.launched_at, member.id)


def _template_rank(member: Member, current: TemplateChoice | None) -> tuple[bool, int]:
    template = member.template
    if template is None:
        return (False, 0)
    version = int(template.version) if template.version.isdigit() else 0
    return (current is not None and template.id == current.id, version)


def retry_delay_s(failures: int) -> float:
    """Return the simulated seconds before the launch after so many failures."""
    return min(RETRY_MAX_S, RETRY_FIRST_S * 2.0 ** min(failures - 1, 10))


def may_split(code: str, count: int) -> bool:
    """Return whether a smaller batch may work where this one did not."""
    return count > 1 and code in _CAPACITY_CODES


def failure_text(group: Group, *, spot: bool, code: str, message: str) -> str:
    """Return the status message of a failed launch, worded as Auto Scaling does."""
    sentence = message if message.endswith(".") else f"{message}."
    if group.policy is not None:
        kind = "Spot" if spot else "On-Demand"
        sentence = f"Could not launch {kind} Instances. {code} - {sentence}"
    return f"{sentence} Launching EC2 instance failed."


def second(instant: datetime) -> str:
    """Return an instant as the causes of activities spell it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
