"""UPDATING by UpdateNodegroupConfig: sizes go to Auto Scaling, labels and taints to the nodes.

Running nodes are patched in place and keep running; PodDisruptionBudgets do not stop a
scale-in (source: EKS User Guide, update a managed node group).
"""

from __future__ import annotations

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import hooks, make, pool
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update, UpdateError
from nodeyard.model.values import replace
from nodeyard.planner import node_patch
from nodeyard.ports import Denied, Invalid, NotFound

LOOK_AGAIN_S = 15.0
_AT_BOOT = {"LabelsToAdd", "LabelsToRemove", "TaintsToAdd", "TaintsToRemove"}
"""Params whose change a node learns from its user data."""


async def run(visit: Visit, update: Update) -> Next:
    """Apply every change of a config update, then say how it went."""
    try:
        update = replace(update, template_version=await _apply(visit, update))
    except (NotFound, Denied, Invalid) as error:
        code = "AccessDenied" if isinstance(error, Denied) else "Unknown"
        failed = (UpdateError(code, error.message, (visit.group.auto_scaling_group_name,)),)
        await _end(visit, update, UpdateStatus.FAILED, failed)
    else:
        await _end(visit, update, UpdateStatus.SUCCESSFUL, ())
    return visit.again(LOOK_AGAIN_S)


async def _apply(visit: Visit, update: Update) -> str | None:
    """Apply every change; return the launch template version that later nodes learn them from, if any.

    The version comes before the sizes: what the sizes launch must know of the labels and taints.
    """
    group = visit.group
    params = dict(update.params)
    version: str | None = None
    if _AT_BOOT & params.keys() and group.ami_type != "CUSTOM":
        version = await make.next_template_version(visit, group, update.id)
        await make.use_template_version(visit, version)
    visit.work.check()
    if {"MinSize", "MaxSize", "DesiredSize"} & params.keys():
        sizes = group.scaling
        await visit.hands.compute.resize_group(
            group.scope,
            group.auto_scaling_group_name,
            minimum=sizes.minimum,
            maximum=sizes.maximum,
            desired=sizes.desired,
        )
    found, members = await visit.observe()
    if found is not None:
        await pool.keep(visit, found)
    for member in members:
        if member.node is None:
            continue
        patch = node_patch.of(member.node, node_patch.change((params,)))
        if patch is not None:
            await visit.kubernetes.patch_node(member.node.name, labels=patch.labels, taints=patch.taints)
    await hooks.answer(visit, members)
    return version


async def _end(visit: Visit, update: Update, status: UpdateStatus, errors: tuple[UpdateError, ...]) -> None:
    active = visit.group.moved_to(NodegroupStatus.ACTIVE, visit.hands.clock.now())
    why = errors[0].error_message if errors else "every change was applied"
    await visit.save(
        replace(active, active_update=None),
        visit.event(f"Update{status}", f"{update.type} {update.id}: {why}", update=update.id),
        update=replace(update, status=status, errors=errors, finished_at=visit.hands.clock.now()),
    )
