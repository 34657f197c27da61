"""UPDATING by UpdateNodegroupConfig: sizes go to Auto Scaling, labels and taints to the nodes.

Running nodes are patched in place and keep running; PodDisruptionBudgets do not stop a scale-in (source: EKS
User Guide, update a managed node group). The record becomes what was asked for when all of it was carried
out. Where something is refused for good, what was done before is taken back and the update fails: the group
has its previous configuration (source: reference, node group statuses, UPDATING).
"""

from __future__ import annotations

from collections.abc import Awaitable

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import make, pool
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.nodegroup import Nodegroup, Scaling
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update, UpdateError
from nodeyard.model.values import replace
from nodeyard.planner import node_patch, warm_pool
from nodeyard.planner.words import listed
from nodeyard.ports import AutoScalingGroup, Denied, Invalid, LimitExceeded, NotFound, PortError

_FOR_GOOD = (NotFound, Denied, Invalid)
"""No waiting helps against these."""
_AT_BOOT = {"LabelsToAdd", "LabelsToRemove", "TaintsToAdd", "TaintsToRemove"}
"""Params whose change a node learns from its user data."""
_SIZES = {"MinSize", "MaxSize", "DesiredSize"}
_WARM_POOL = "WarmPool"
"""How the params of a warm pool begin."""


async def run(visit: Visit, update: Update) -> Next:
    """Carry a config update out, or take it back, then say how it went."""
    configuration = update.configuration
    wanted = visit.group if configuration is None else visit.group.configured(configuration)
    try:
        update = await _versioned(visit, update, wanted)
        await _carry_out(visit, update, wanted)
    except (*_FOR_GOOD, LimitExceeded) as error:
        if isinstance(error, LimitExceeded) and not visit.out_of_patience(update):
            raise  # somebody may raise the quota; until then the issue says what to do
        stays = await _take_back(visit, update, wanted)
        code = "AccessDenied" if isinstance(error, Denied) else "Unknown"
        failed = UpdateError(code, _said(error, stays), (visit.group.auto_scaling_group_name,))
        await _end(visit, update, UpdateStatus.FAILED, failed)
    else:
        if configuration is not None:
            visit.group = visit.group.configured(configuration)
        await _end(visit, update, UpdateStatus.SUCCESSFUL, None)
    return visit.again(1.0)  # hooks and the warm pool are for the settled group


async def _versioned(visit: Visit, update: Update, wanted: Nodegroup) -> Update:
    """Make the launch template version that later nodes learn labels and taints from, and note it."""
    if not _AT_BOOT & dict(update.params).keys() or wanted.ami_type == "CUSTOM":
        return update
    if update.template_version is not None:
        return update
    noted = replace(
        update,
        template_version=await make.next_template_version(visit, wanted, update.id),
        previous_template_version=visit.group.resources.launch_template_version,
    )
    await visit.save_update(noted)
    return replace(noted, revision=noted.revision + 1)


async def _carry_out(visit: Visit, update: Update, wanted: Nodegroup) -> None:
    """Do every change; first what is easily taken back.

    The template version comes before the sizes: what the sizes launch must know of the labels and taints.
    """
    found, members = await visit.observe()
    if found is None:
        raise NotFound(f"Auto Scaling group {wanted.auto_scaling_group_name} does not exist any more")
    params = dict(update.params)
    change = node_patch.change((params,))
    for member in members:
        if member.node is not None:
            await _patch(visit, member.node.name, node_patch.of(member.node, change))
    if any(param.startswith(_WARM_POOL) for param in params):
        await pool.put(visit, found, warm_pool.wanted(wanted))
    if update.template_version is not None:
        await make.use_template_version(visit, update.template_version)
    if _SIZES & params.keys():
        await _resize(visit, wanted.scaling)


async def _take_back(visit: Visit, update: Update, wanted: Nodegroup) -> tuple[str, ...]:
    """Undo what was done, the last first; return what could not be undone, a clause each."""
    try:
        found, members = await visit.observe()
    except _FOR_GOOD as error:
        return (f"what is in effect cannot be seen ({error.message})",)
    stays: list[str] = []
    if found is not None:
        stays += await _group_back(visit, found, update, wanted)
    change = node_patch.change((dict(update.params),))
    kept: list[str] = []
    why = ""
    for member in members:
        if member.node is None:
            continue
        patch = node_patch.of(member.node, node_patch.back(member.node, change, visit.group))
        refused = await _refusal(_patch(visit, member.node.name, patch))
        if refused is not None:
            kept.append(member.node.name)
            why = refused.message
    if kept:
        stays.append(f"{listed(kept)} carry its labels and taints ({why})")
    return tuple(stays)


async def _group_back(visit: Visit, found: AutoScalingGroup, update: Update, wanted: Nodegroup) -> list[str]:
    """Give the Auto Scaling group back its sizes, template version and warm pool."""
    params = dict(update.params)
    stays: list[str] = []
    sizes, before = Scaling(found.minimum, found.maximum, found.desired), visit.group.scaling
    # Other sizes than those of the update are not the update's: an autoscaler or a person set them.
    if _SIZES & params.keys() and sizes == wanted.scaling != before:
        refused = await _refusal(_resize(visit, before))
        if refused is not None:
            stays.append(f"the Auto Scaling group keeps its sizes ({refused.message})")
    previous = update.previous_template_version
    if previous is not None and found.launch_template_version == update.template_version:
        refused = await _refusal(make.use_template_version(visit, previous))
        if refused is not None:
            stays.append(f"nodes launched from now on get its labels and taints ({refused.message})")
    if any(param.startswith(_WARM_POOL) for param in params):
        refused = await _refusal(pool.put(visit, found, warm_pool.wanted(visit.group)))
        if refused is not None:
            stays.append(f"the Auto Scaling group keeps its warm pool ({refused.message})")
    return stays


async def _refusal(call: Awaitable[None]) -> PortError | None:
    """Await a call and return how it was refused for good, None where it was done."""
    try:
        await call
    except _FOR_GOOD as error:
        return error
    return None


async def _patch(visit: Visit, node: str, patch: node_patch.NodePatch | None) -> None:
    if patch is None:
        return
    visit.work.check()
    try:
        await visit.kubernetes.patch_node(node, labels=patch.labels, taints=patch.taints)
    except NotFound:
        return  # the node left since it was observed


async def _resize(visit: Visit, sizes: Scaling) -> None:
    visit.work.check()
    await visit.hands.compute.resize_group(
        visit.group.scope,
        visit.group.auto_scaling_group_name,
        minimum=sizes.minimum,
        maximum=sizes.maximum,
        desired=sizes.desired,
    )


def _said(error: PortError, stays: tuple[str, ...]) -> str:
    """Return why an update failed, what is in effect now, and what to do."""
    effect = "Nothing of this update is in effect: the node group is configured as before"
    if stays:
        effect = (
            f"The node group is configured as before, but not all could be taken back: {'; '.join(stays)}"
        )
    help = "Correct what was refused, then send the update again"
    return f"{error.message.rstrip('.')}. {effect}. {help}."


async def _end(visit: Visit, update: Update, status: UpdateStatus, error: UpdateError | None) -> None:
    now = visit.hands.clock.now()
    active = visit.group.moved_to(NodegroupStatus.ACTIVE, now)
    why = "every change was applied" if error is None else error.error_message
    errors = () if error is None else (error,)
    await visit.save(
        replace(active, active_update=None),
        visit.event(f"Update{status}", f"{update.type} {update.id}: {why}", update=update.id),
        update=replace(update, status=status, errors=errors, finished_at=now),
    )
