"""Whether a fault that is limited to a group or zone concerns anything yet. Reads only.

A fault may be on before its node group is created: that is how creations are made to fail.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence

from nodeyard.flows.hands import Hands
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.planner.words import listed
from nodeyard.ports import PortError


async def note(hands: Hands, scope: Scope, group: str | None, zone: str | None) -> str | None:
    """Say what a fault waits for and what there is instead; None where it concerns something now.

    Faults know no Region: groups of all of them count. None too while AWS does not tell the zones.
    """
    if group is None and zone is None:
        return None
    groups, _ = await hands.store.overview()
    named = [each for each in groups if group in (None, each.name)]
    if group is not None and not named:
        there = sorted({each.name for each in groups if each.scope == scope})
        waits = f"There is no node group {group} yet: the fault waits for one of that name."
        return f"{waits} {_instead(group, there)}"
    if zone is None:
        return None
    try:
        zones = await _zones(hands, named)
    except PortError:
        return None
    if zone in zones:
        return None
    in_zones = f"in {listed(zones)}" if zones else "nowhere yet"
    if group is not None:
        return (
            f"Node group {group} has no subnet in zone {zone}: the fault concerns none of its nodes. "
            f"It has subnets {in_zones}."
        )
    return (
        f"No node group has a subnet in zone {zone} yet: the fault waits for one. "
        f"Node groups have subnets {in_zones}."
    )


def _instead(group: str, there: Sequence[str]) -> str:
    near = difflib.get_close_matches(group, there, 1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There are {listed(there)}." if there else "There is no node group in this Region."


async def _zones(hands: Hands, groups: Sequence[Nodegroup]) -> list[str]:
    """Return the zones in which groups have subnets, by name."""
    ids: dict[Scope, set[str]] = {}
    for each in groups:
        ids.setdefault(each.scope, set()).update(each.subnets)
    found = await asyncio.gather(
        *(hands.compute.subnets(scope, sorted(wanted)) for scope, wanted in ids.items())
    )
    return sorted({subnet.zone for subnets in found for subnet in subnets})
