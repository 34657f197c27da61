"""Have a group of a Capacity Block scale down, and so drain its nodes, before EC2 ends its instances."""

from __future__ import annotations

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.values import replace
from nodeyard.planner import capacity_blocks
from nodeyard.planner.capacity_blocks import LEAD_S, SCALE_DOWN, SOON_S


async def see_to_the_end(visit: Visit) -> None:
    """Schedule the scale-down of a group, once for each end that its block has.

    The block is that of the launch template version that the group launches from now.
    """
    group, made = visit.group, visit.group.resources
    if group.capacity_type != "CAPACITY_BLOCK" or made.launch_template_id is None:
        return
    compute, clock = visit.hands.compute, visit.hands.clock
    template = await compute.template(
        group.scope, id=made.launch_template_id, name=None, version=made.launch_template_version
    )
    reservation = None if template is None else capacity_blocks.reservation_of(template.data)
    end = None if reservation is None else await compute.reservation_end(group.scope, reservation)
    if end is None or end == made.capacity_ends_at:
        return
    now = clock.now()
    at = capacity_blocks.scale_down_at(end, now, clock.after(LEAD_S) - now, clock.after(SOON_S) - now)
    if at is None:
        return
    visit.work.check()
    name = group.auto_scaling_group_name
    await compute.schedule_sizes(group.scope, name, SCALE_DOWN, at=at, minimum=0, desired=0)
    text = f"capacity reservation {reservation} ends at {end:%Y-%m-%d %H:%M:%SZ}; the group scales down to 0 "
    await visit.save(
        replace(group, resources=replace(made, capacity_ends_at=end)),
        visit.event("ScaleDownScheduled", f"{text}from {at:%Y-%m-%d %H:%M:%SZ} on"),
    )
