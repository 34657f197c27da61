"""What Auto Scaling does at its start: see what EC2 did meanwhile, and find instances nobody wrote down.

Called once by the engine, before its task runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeyard.world.aws.autoscaling.planning import second
from nodeyard.world.aws.autoscaling.records import GROUP_TAG
from nodeyard.world.aws.fleet import PENDING, RUNNING, TERMINATED, Machine

if TYPE_CHECKING:
    from nodeyard.world.aws.autoscaling.engine import Engine


async def recover(engine: Engine) -> None:
    """Bring every group up to date with EC2 and adopt what a killed process had launched."""
    for account, region in sorted({key[:2] for key in engine.groups}):
        machines = {one.id: one for one in await engine.instances.machines(account, region, ())}
        known = [
            id
            for state in engine.groups.values()
            if state.group.key[:2] == (account, region)
            for id in state.members
            if id not in machines
        ]
        if known:
            found = await engine.instances.machines(account, region, known)
            machines.update((one.id, one) for one in found)
        for state in list(engine.groups.values()):
            if state.group.key[:2] == (account, region):
                for instance_id in list(state.members):
                    machine = machines.get(instance_id)
                    engine.observe(state, instance_id, machine.state if machine else TERMINATED)
                    state.touch(instance_id)
        lost = [one for one in machines.values() if one.tags.get(GROUP_TAG) and _is_stray(engine, one)]
        await _take_strays(engine, account, region, lost)
    for state in engine.groups.values():
        # A termination may have been written down and never asked for.
        state.ending.extend(one.id for one in state.members.values() if one.asked and not one.gone)
        engine.save(state)
        engine.resume_timers(state)
        engine.wake(state)


def _is_stray(engine: Engine, machine: Machine) -> bool:
    known = (machine.account, machine.region, machine.id) in engine.homes
    return not known and machine.state in (PENDING, RUNNING)


async def _take_strays(engine: Engine, account: str, region: str, strays: list[Machine]) -> None:
    ownerless: list[str] = []
    for machine in strays:
        state = engine.groups.get((account, region, machine.tags[GROUP_TAG]))
        if state is None or state.group.status is not None:
            ownerless.append(machine.id)
            continue
        template = await engine.instances.template(account, region, state.group.template)
        now = second(engine.clock.now())
        cause = f"At {now} an instance was found that had been started for the group before a restart."
        engine.lifecycle.admit(state, machine, template, cause=cause)
        engine.home(state, machine.id)
    if ownerless:
        await engine.instances.terminate(account, region, ownerless)
