"""A settled group: look after its health, answer its hooks, repair its nodes, follow the sizes of its
Auto Scaling group.

Desired size follows the Auto Scaling group, because autoscalers move it there
(source: EKS API reference, NodegroupScalingConfig, desiredSize).
"""

from __future__ import annotations

from dataclasses import replace

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import draining, gone, health, hooks, repairing
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.nodegroup import Scaling

LOOK_AGAIN_S = 60.0


async def run(visit: Visit) -> Next:
    found, members = await visit.observe()
    # Groups whose creation or deletion failed wait for their owner, with the issues that they failed by.
    settled = visit.group.status in health.SETTLED
    after = await health.look(visit, found, members) if settled else LOOK_AGAIN_S
    if found is None:
        return visit.again(after)
    busy = await hooks.answer(visit, members)
    await gone.forget(visit, found)
    sizes = Scaling(found.minimum, found.maximum, found.desired)
    if sizes != visit.group.scaling and settled:
        await visit.save(
            replace(visit.group, scaling=sizes),
            visit.event("ScalingFollowed", f"the Auto Scaling group now wants {found.desired} nodes"),
        )
    look_again = visit.hands.clock.after(draining.POLL_S if busy else after)
    due = await repairing.run(visit, members) if settled else None
    return Next(at=look_again if due is None else min(look_again, due))
