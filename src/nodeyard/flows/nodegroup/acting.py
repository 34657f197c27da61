"""Do what the plan of a version update says, action by action. No choices are left here.

Every action is safe to repeat: after a crash the same plan is made again and done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nodeyard.flows.nodegroup import draining, make
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.flows.together import together
from nodeyard.model.drain import Drain
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.rollout import Rollout, Target
from nodeyard.model.values import replace
from nodeyard.planner.node_patch import EFFECTS
from nodeyard.planner.rollout import Plan, actions
from nodeyard.planner.rollout.holding import REBALANCE
from nodeyard.ports import Event, NotFound, Pod


@dataclass(slots=True)
class Done:
    """What acting brought to light: a template version, and the drains after their sweep."""

    template_version: str | None = None
    drains: dict[str, Drain] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def memory(self, before: Rollout) -> Rollout:
        """Return the memory with what was learned."""
        turns = tuple(self.drains.get(turn.instance, turn) for turn in before.turns)
        version = self.template_version or before.template_version
        if turns == before.turns and version == before.template_version:
            return before
        return replace(before, turns=turns, template_version=version)


def as_target(group: Nodegroup, target: Target) -> Nodegroup:
    """Return the group as it is once the update has succeeded."""
    return replace(
        group,
        version=target.version,
        release_version=target.release_version,
        image_id=target.image_id,
        launch_template=target.launch_template,
    )


@dataclass(slots=True)
class _Act:
    visit: Visit
    update_id: str
    memory: Rollout
    turns: dict[str, Drain]
    done: Done


async def perform(visit: Visit, update_id: str, plan: Plan) -> Done:
    """Do every action of a plan in order; sweeps of several nodes run side by side at the end."""
    turns = {turn.instance: turn for turn in plan.memory.turns}
    act = _Act(visit, update_id, plan.memory, turns, Done())
    sweeps = [each for each in plan.actions if isinstance(each, actions.Sweep)]
    for action in plan.actions:
        if not isinstance(action, actions.Sweep):
            visit.work.check()
            await _HANDS[type(action)](act, action)
    await together((_sweep(act, each) for each in sweeps), at_once=None)
    return act.done


async def pods_of(visit: Visit, nodes: Sequence[str]) -> dict[str, tuple[Pod, ...]]:
    """Return the pods of each node, read side by side."""
    read = await together(visit.kubernetes.pods_on(node) for node in nodes)
    return dict(zip(nodes, read, strict=True))


async def _add_version(act: _Act, action: actions.AddTemplateVersion) -> None:
    wanted = as_target(act.visit.group, act.memory.target)
    act.done.template_version = await make.next_template_version(act.visit, wanted, act.update_id)


async def _use_version(act: _Act, action: actions.UseTemplateVersion) -> None:
    await make.use_template_version(act.visit, action.version)
    act.done.events.append(act.visit.event("UpdateStep", action.because, update=act.update_id))


async def _resize(act: _Act, action: actions.Resize) -> None:
    group = act.visit.group
    await act.visit.hands.compute.resize_group(
        group.scope,
        group.auto_scaling_group_name,
        minimum=action.sizes.minimum,
        maximum=action.sizes.maximum,
        desired=action.sizes.desired,
    )
    act.done.events.append(act.visit.event("UpdateStep", action.because, update=act.update_id))


async def _rebalance(act: _Act, action: actions.SuspendRebalance) -> None:
    group = act.visit.group
    await act.visit.hands.compute.suspend_process(
        group.scope, group.auto_scaling_group_name, REBALANCE, suspended=action.suspended
    )


async def _mark(act: _Act, action: actions.Mark) -> None:
    key, _, effect = actions.TAINT
    taints = [each for each in action.node.taints if (each[0], each[2]) != (key, effect)]
    labels: dict[str, str | None] = {actions.LABEL_NO_LOAD_BALANCER: "true"}
    await _patch(act, action.node.name, labels=labels, taints=[*taints, actions.TAINT])


async def _unmark(act: _Act, action: actions.Unmark) -> None:
    node = action.node
    if actions.TAINT in node.taints:
        taints = [each for each in node.taints if each != actions.TAINT]
        taints += _replaced_by_the_mark(act.visit.group)
        labels: dict[str, str | None] = {actions.LABEL_NO_LOAD_BALANCER: None}
        await _patch(act, node.name, labels=labels, taints=taints)
    if action.uncordon:
        await _gone_is_fine(act.visit.kubernetes.set_unschedulable(node.name, False))


def _replaced_by_the_mark(group: Nodegroup) -> list[tuple[str, str, str]]:
    """Return the group's own taint of the same key and effect, of which a node has one at a time."""
    own = ((taint.key, taint.value or "", EFFECTS[taint.effect]) for taint in group.taints)
    key, _, effect = actions.TAINT
    return [each for each in own if (each[0], each[2]) == (key, effect) and each != actions.TAINT]


async def _hold(act: _Act, action: actions.HoldScaleDown) -> None:
    held: dict[str, str | None] = {actions.NO_SCALE_DOWN: "true", actions.HELD_FOR: act.update_id}
    await _patch(act, action.node.name, annotations=held)


async def _allow(act: _Act, action: actions.AllowScaleDown) -> None:
    free: dict[str, str | None] = {actions.NO_SCALE_DOWN: None, actions.HELD_FOR: None}
    await _patch(act, action.node.name, annotations=free)


async def _cordon(act: _Act, action: actions.Cordon) -> None:
    await _gone_is_fine(act.visit.kubernetes.set_unschedulable(action.node.name, True))


async def _force(act: _Act, action: actions.ForcePod) -> None:
    pod = action.pod
    await act.visit.kubernetes.delete_pod(pod.namespace, pod.name, pod.uid, grace_s=None)
    text = f"pod {pod.namespace}/{pod.name} on {pod.node} was deleted, {action.because}"
    subject = {"update": act.update_id, "node": pod.node, "pod": f"{pod.namespace}/{pod.name}"}
    act.done.events.append(act.visit.event("PodForced", text, **subject))


async def _terminate(act: _Act, action: actions.Terminate) -> None:
    scope = act.visit.group.scope
    await act.visit.hands.compute.terminate_instance(scope, action.instance, decrement=action.decrement)


async def _sweep(act: _Act, action: actions.Sweep) -> None:
    drain = act.turns[action.instance]
    after, events = await draining.sweep(act.visit, action.node, drain, action.emptying)
    act.done.drains[action.instance] = after
    act.done.events.extend(events)


async def _patch(act: _Act, node: str, **changes: Any) -> None:
    await _gone_is_fine(act.visit.kubernetes.patch_node(node, **changes))


async def _gone_is_fine(call: Awaitable[None]) -> None:
    """A node that left since it was observed needs nothing any more."""
    try:
        await call
    except NotFound:
        return


_HANDS: dict[type, Callable[[_Act, Any], Awaitable[None]]] = {
    actions.AddTemplateVersion: _add_version,
    actions.UseTemplateVersion: _use_version,
    actions.Resize: _resize,
    actions.SuspendRebalance: _rebalance,
    actions.Mark: _mark,
    actions.Unmark: _unmark,
    actions.HoldScaleDown: _hold,
    actions.AllowScaleDown: _allow,
    actions.Cordon: _cordon,
    actions.ForcePod: _force,
    actions.Terminate: _terminate,
}
