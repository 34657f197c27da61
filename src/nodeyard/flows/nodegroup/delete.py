"""DELETING: shrink to nothing, drain every node on its way out, remove what was made.

The record goes last, so that Describe answers 404 only when nothing is left.
Source: EKS User Guide, delete a managed node group.
"""

from __future__ import annotations

from dataclasses import replace

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import draining, hooks, make
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.status import NodegroupStatus
from nodeyard.ports import Changes, Conflict, Denied, Invalid

LOOK_AGAIN_S = 10.0


async def run(visit: Visit) -> Next:
    group = visit.group
    compute = visit.hands.compute
    found, members = await visit.observe()
    if found is not None:
        visit.work.check()
        if (found.minimum, found.maximum, found.desired) != (0, 0, 0):
            await compute.resize_group(
                group.scope, group.auto_scaling_group_name, minimum=0, maximum=0, desired=0
            )
        waiting = await hooks.answer(visit, members)
        if found.instances:
            return visit.again(draining.POLL_S if waiting else LOOK_AGAIN_S)
        try:
            await compute.delete_group(group.scope, group.auto_scaling_group_name)
        except Conflict:
            return visit.again(LOOK_AGAIN_S)
        return visit.again(1.0)
    return await _clean(visit)


async def _clean(visit: Visit) -> Next:
    group = visit.group
    compute = visit.hands.compute
    visit.work.check()
    for node in await visit.kubernetes.nodes({"eks.amazonaws.com/nodegroup": group.name}):
        await visit.kubernetes.delete_node(node.name)
    await compute.delete_template(group.scope, group.launch_template_name)
    await compute.delete_instance_profile(group.scope, group.instance_profile_name)
    # Asked by name where the record does not know: a crash may have come between making and recording.
    remote = group.resources.remote_access_security_group or await make.remote_access(visit)
    if remote is not None:
        try:
            await compute.delete_security_group(group.scope, remote)
        except (Conflict, Denied, Invalid) as error:
            return await _fail(visit, remote, error.message)
    siblings = await visit.hands.store.nodegroups(group.scope, group.cluster)
    if not any(g.node_role == group.node_role and g.name != group.name for g in siblings):
        await visit.kubernetes.remove_node_identity(group.node_role)
    gone = visit.event("NodegroupDeleted", "every resource of the node group is gone")
    await visit.work.commit(Changes(delete=(group,), events=(gone,)))
    return Next(at=None, forget=True)


async def _fail(visit: Visit, security_group: str, why: str) -> Next:
    issue = Issue(IssueCode.EC2_SECURITY_GROUP_DELETION_FAILURE, why, (security_group,))
    failed = visit.group.moved_to(NodegroupStatus.DELETE_FAILED, visit.hands.clock.now())
    await visit.save(
        replace(failed, issues=(issue,)), visit.event("NodegroupDeleteFailed", why, resource=security_group)
    )
    return visit.again(LOOK_AGAIN_S)
