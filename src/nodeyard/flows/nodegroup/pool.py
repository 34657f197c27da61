"""The warm pool of a group: put as the record says, its hooks answered, its nodes kept out of the way.

An instance of the pool is no node of the group. While a version update runs there is no pool: its instances
were launched from the template before, and a scale-out would draw on them. For the same reason a pool with
instances of another template version than the group's, as after a change of labels, is made anew.

Source: EKS User Guide, warm pools with managed node groups: instances that leave the pool still take the step
that joins them. What becomes of the pool during an update is not told there: ours.
"""

from __future__ import annotations

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.flows.together import together
from nodeyard.planner import warm_pool
from nodeyard.planner.membership import Member
from nodeyard.ports import LAUNCH_HOOK, TERMINATE_HOOK, AutoScalingGroup, WarmPoolSettings

_HOOKS = {"Warmed:Pending:Wait": LAUNCH_HOOK, "Warmed:Terminating:Wait": TERMINATE_HOOK}
STOPPED = "Warmed:Stopped"


async def keep(visit: Visit, found: AutoScalingGroup, *, resting: bool = False) -> None:
    """Bring the pool to what it is to be now. `resting`: the group is to have none for the time being.

    Called after drains and repairs: those must not wait for a pool that AWS refuses. Raises: PortError.
    """
    await put(visit, found, None if resting or _is_stale(visit) else warm_pool.wanted(visit.group))
    await together((_see_to(visit, found, each) for each in visit.pooled), at_once=None)


async def put(visit: Visit, found: AutoScalingGroup, wanted: WarmPoolSettings | None) -> None:
    """Give the Auto Scaling group this pool, none for None, as soon as it can have it. Raises: PortError."""
    # A pool that is on its way out cannot be put again before it is gone.
    if found.warm_pool != wanted and found.status is None and not found.warm_pool_deleting:
        visit.work.check()
        await visit.hands.compute.set_warm_pool(visit.group.scope, found.name, wanted)
        await visit.save(visit.group, visit.event("WarmPoolChanged", _said(wanted)))


def _is_stale(visit: Visit) -> bool:
    """Return whether the pool would serve what the group does not launch any more.

    Auto Scaling ends no single instance of a pool, so all of them go.
    Source: EC2 Auto Scaling API reference, TerminateInstanceInAutoScalingGroup.
    """
    ours = visit.group.resources.launch_template_version
    versions = {each.instance.launch_template_version for each in visit.pooled}
    return ours is not None and not versions <= {ours, None}


async def _see_to(visit: Visit, found: AutoScalingGroup, member: Member) -> None:
    """Let an instance of the pool go its way; its node, if it has one, takes no pods."""
    state, node = member.instance.lifecycle_state, member.node
    hook = _HOOKS.get(state)
    if hook is not None:
        visit.work.check()
        await visit.hands.compute.complete_hook(
            visit.group.scope, found.name, hook, member.instance.id, result="CONTINUE"
        )
    elif node is not None and state == STOPPED:
        visit.work.check()
        await visit.kubernetes.delete_node(node.name)  # it registers anew when it is started
    elif node is not None and not node.unschedulable:
        visit.work.check()
        await visit.kubernetes.set_unschedulable(node.name, True)


def _said(pool: WarmPoolSettings | None) -> str:
    if pool is None:
        return "the warm pool is deleted with its instances"
    up_to = "the maximum size" if pool.ceiling is None else f"{pool.ceiling} instances with those in service"
    return f"the warm pool holds {pool.state.lower()} instances: at least {pool.minimum}, up to {up_to}"
