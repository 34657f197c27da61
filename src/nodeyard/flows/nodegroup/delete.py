"""DELETING: shrink to nothing, drain every node on its way out, remove what was made.

The record goes last, so that Describe answers 404 only when nothing is left.
Source: EKS User Guide, delete a managed node group.
"""

from __future__ import annotations

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import health, hooks, make, pool
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.ports import Changes, Conflict, Denied, Invalid, UnknownFailure

LOOK_AGAIN_S = 10.0
REFUSALS = (Denied, Invalid, UnknownFailure)
"""Errors that end a deletion: somebody must do something before it can go on."""

ALLOW = "Allow the call, then delete the node group again."
AGAIN = "Delete the node group again then."


async def run(visit: Visit) -> Next:
    """Move the deletion on; where AWS or the cluster denies a call it has failed, and says which.

    Source: reference, node group statuses: a tear-down that is stuck is DELETE_FAILED, and is deleted
    again once the cause is gone.
    """
    try:
        return await _delete(visit)
    except Denied as error:
        return await _fail(visit, Issue(IssueCode.ACCESS_DENIED, f"{error.message.rstrip('.')}. {ALLOW}"))


async def _delete(visit: Visit) -> Next:
    group = visit.group
    compute = visit.hands.compute
    found, members = await visit.observe()
    if found is not None:
        visit.work.check()
        if (found.minimum, found.maximum, found.desired) != (0, 0, 0):
            await compute.resize_group(
                group.scope, group.auto_scaling_group_name, minimum=0, maximum=0, desired=0
            )
        drains_at = await hooks.answer(visit, members)
        await pool.keep(visit, found, resting=True)
        await health.look(visit, found, members)
        stuck = [each for each in visit.group.issues if each.code is IssueCode.NODE_TERMINATION_FAILURE]
        if stuck:
            return await _fail(visit, replace(stuck[0], message=f"{stuck[0].message} {AGAIN}"))
        if found.instances or found.warm or found.warm_pool is not None:
            return visit.again(LOOK_AGAIN_S) if drains_at is None else Next(at=drains_at)
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
    try:
        await compute.delete_template(group.scope, group.launch_template_name)
    except REFUSALS as error:
        template = group.resources.launch_template_id or group.launch_template_name
        code = IssueCode.EC2_LAUNCH_TEMPLATE_DELETION_FAILURE
        return await _fail(visit, Issue(code, _retry(error.message), (template,)))
    await compute.delete_instance_profile(group.scope, group.instance_profile_name)
    # Asked by name where the record does not know: a crash may have come between making and recording.
    remote = group.resources.remote_access_security_group or await make.remote_access(visit)
    if remote is not None:
        try:
            await compute.delete_security_group(group.scope, remote)
        except (Conflict, *REFUSALS) as error:
            code = IssueCode.EC2_SECURITY_GROUP_DELETION_FAILURE
            return await _fail(visit, Issue(code, _retry(error.message), (remote,)))
    siblings = await visit.hands.store.nodegroups(group.scope, group.cluster)
    if not any(g.node_role == group.node_role and g.name != group.name for g in siblings):
        await visit.kubernetes.remove_node_identity(group.node_role)
    gone = visit.event("NodegroupDeleted", "every resource of the node group is gone")
    await visit.work.commit(Changes(delete=(group,), events=(gone,)))
    return Next(at=None, forget=True)


def _retry(refusal: str) -> str:
    return f"{refusal.rstrip('.')}. Remove what holds it, then delete the node group again."


async def _fail(visit: Visit, issue: Issue) -> Next:
    failed = visit.group.moved_to(NodegroupStatus.DELETE_FAILED, visit.hands.clock.now())
    resource = ",".join(issue.resource_ids)
    said = visit.event("NodegroupDeleteFailed", issue.message, code=issue.code, resource=resource)
    await visit.save(replace(failed, issues=(issue,), failing=None), said)
    return visit.again(LOOK_AGAIN_S)
