"""A settled group: answer its hooks, repair its nodes, follow its Auto Scaling group's sizes.

Desired size follows the Auto Scaling group, because autoscalers move it there
(source: EKS API reference, NodegroupScalingConfig, desiredSize).
"""

from __future__ import annotations

from dataclasses import replace

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import draining, hooks, repairing
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.nodegroup import Scaling
from nodeyard.model.status import NodegroupStatus

LOOK_AGAIN_S = 60.0
REPAIRED = frozenset({NodegroupStatus.ACTIVE, NodegroupStatus.DEGRADED})
"""Groups whose creation or deletion failed wait for their owner."""


async def run(visit: Visit) -> Next:
    found, members = await visit.observe()
    if found is None:
        return visit.again(LOOK_AGAIN_S)
    busy = await hooks.answer(visit, members)
    sizes = Scaling(found.minimum, found.maximum, found.desired)
    if sizes != visit.group.scaling and visit.group.status is NodegroupStatus.ACTIVE:
        await visit.save(
            replace(visit.group, scaling=sizes),
            visit.event("ScalingFollowed", f"the Auto Scaling group now wants {found.desired} nodes"),
        )
    look_again = visit.hands.clock.after(draining.POLL_S if busy else LOOK_AGAIN_S)
    due = await repairing.run(visit, members) if visit.group.status in REPAIRED else None
    return Next(at=look_again if due is None else min(look_again, due))
