"""A settled group: look after its health, answer its hooks, repair its nodes, follow the sizes of its
Auto Scaling group.

Desired size follows the Auto Scaling group, because autoscalers move it there
(source: EKS API reference, NodegroupScalingConfig, desiredSize).
"""

from __future__ import annotations

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import gone, health, hooks, pool, repairing, uncordoned
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.nodegroup import Scaling
from nodeyard.model.values import replace

LOOK_AGAIN_S = 60.0


async def run(visit: Visit) -> Next:
    found, members = await visit.observe()
    # Groups whose creation or deletion failed wait for their owner, with the issues that they failed by.
    settled = visit.group.status in health.SETTLED
    # What leaves is drained first: AWS may refuse, for an hour, what health asks of it.
    drains_at = None if found is None else await hooks.answer(visit, members)
    after = await health.look(visit, found, members) if settled else LOOK_AGAIN_S
    if found is None:
        return visit.again(after)
    await gone.forget(visit, found)
    await uncordoned.forget(visit, members)
    sizes = Scaling(found.minimum, found.maximum, found.desired)
    if sizes != visit.group.scaling and settled:
        await visit.save(
            replace(visit.group, scaling=sizes),
            visit.event("ScalingFollowed", f"the Auto Scaling group now wants {found.desired} nodes"),
        )
    repairs_at = await repairing.run(visit, members) if settled else None
    if settled:
        await pool.keep(visit, found)
    looks = (visit.hands.clock.after(after), drains_at, repairs_at)
    return Next(at=min(at for at in looks if at is not None))
