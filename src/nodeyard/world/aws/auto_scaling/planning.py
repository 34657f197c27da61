"""Which zones to launch in, which instances to let go, which hooks hold an instance. Pure.

Source: Auto Scaling User Guide, Availability Zone rebalancing, termination policies, lifecycle hooks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from nodeyard.world.aws.auto_scaling.records import IN_SERVICE, Group, Hook, Member

FIRST_RETRY_S = 10.0
LAST_RETRY_S = 300.0


def subnets_for(subnets: Mapping[str, str], count: int, zones: Mapping[str, int]) -> Counter[str]:
    """Return subnet -> launches, each launch into the zone that has fewest, subnets of a zone in turn.

    `subnets` has the zone of each subnet, `zones` the instances of each zone.
    """
    filled = {zone: zones.get(zone, 0) for zone in subnets.values()}
    by_zone: dict[str, list[str]] = {}
    for subnet, zone in subnets.items():
        by_zone.setdefault(zone, []).append(subnet)
    chosen: Counter[str] = Counter()
    for _ in range(count):
        zone = min(filled, key=lambda each: filled[each])
        subnet = min(by_zone[zone], key=lambda each: chosen[each])
        chosen[subnet] += 1
        filled[zone] += 1
    return chosen


def types_of(group: Group) -> list[str | None]:
    """Return the instance types to try in order; None stands for the template's own."""
    policy = group.policy
    overrides = (policy or {}).get("LaunchTemplate", {}).get("Overrides") or []
    named: list[str | None] = [each["InstanceType"] for each in overrides if each.get("InstanceType")]
    return named or [None]


def spot_count(group: Group, on_demand_now: int, count: int) -> int:
    """Return how many of the next launches are spot, by the group's distribution."""
    policy = group.policy
    if not policy:
        return 0
    distribution = policy.get("InstancesDistribution") or {}
    base = int(distribution.get("OnDemandBaseCapacity") or 0)
    share = distribution.get("OnDemandPercentageAboveBaseCapacity")
    percent = 100 if share is None else int(share)
    missing_base = min(count, max(0, base - on_demand_now))
    above = count - missing_base
    return above - -(-above * percent // 100)


def to_leave(group: Group, members: Sequence[Member], count: int) -> list[Member]:
    """Return the instances that a scale-in takes: protected ones never, fullest zone first."""
    able = [each for each in members if each.counted and not each.protected]
    zones = Counter(each.zone for each in members if each.counted)
    chosen: list[Member] = []
    able.sort(key=lambda each: (each.state == IN_SERVICE, *_policy_order(group, each)))
    for _ in range(min(count, len(able))):
        zone = max({each.zone for each in able}, key=lambda each: (zones[each], each))
        pick = next(each for each in able if each.zone == zone)
        able.remove(pick)
        zones[zone] -= 1
        chosen.append(pick)
    return chosen


def _policy_order(group: Group, member: Member) -> tuple[object, ...]:
    policies = group.settings.get("TerminationPolicies") or ["Default"]
    order: list[object] = [member.healthy]
    for policy in policies:
        if policy in ("OldestLaunchTemplate", "Default"):
            version = member.template.version if member.template else "0"
            order.append(int(version) if version.isdigit() else 0)
        if policy in ("OldestInstance", "Default"):
            order.append(member.launched_at)
        if policy == "NewestInstance":
            order.append(-member.launched_at.timestamp())
    order.append(member.id)
    return tuple(order)


def hooks_for(group: Group, transition: str) -> list[Hook]:
    return [hook for hook in group.hooks.values() if hook.transition == transition]


def retry_after_s(failures: int) -> float:
    """Return how long Auto Scaling waits after failed launches. Units: simulated seconds."""
    return float(min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures - 1, 10)))
