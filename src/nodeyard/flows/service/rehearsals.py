"""Rehearse the version update of a node group of this service, on its cluster as it is now.

The one place for it: the refresh of insights, the start of an update and whoever asks for it call it. The
work is done beside the service by `hands.rehearser`; nothing here waits on a processor.
"""

from __future__ import annotations

import contextlib

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.rehearsal import Ask, Rehearsal
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.planner import launches
from nodeyard.ports import Invalid, PortError

_MANY_SECONDS = 100_000.0


async def of_group(
    hands: Hands,
    scope: Scope,
    names: tuple[str, str],
    *,
    update: Update | None = None,
    runs: int | None = None,
    ways_out: bool = True,
) -> Rehearsal:
    """Return what would become of a version update that began now, or of one that just began.

    `names` are those of the cluster and the node group.

    Raises: RefusedError, PortError.
    """
    group = await lookup.nodegroup(hands, scope, *names)
    ask = replace(
        _ask(hands, group, runs),
        force=update is not None and update.force,
        ways_out=ways_out,
        update_id=None if update is None else update.id,
    )
    return await _rehearsed(hands, scope, group, ask)


async def of_choice(
    hands: Hands, scope: Scope, names: tuple[str, str], *, force: bool, strategy: str | None, runs: int
) -> Rehearsal:
    """Return what would become of a version update that began now with these choices of its caller.

    `strategy` None: that of the node group.

    Raises: RefusedError, PortError.
    """
    group = await lookup.nodegroup(hands, scope, *names)
    ask = replace(_ask(hands, group, runs), force=force)
    if strategy is not None:
        ask = replace(ask, update_config=replace(ask.update_config, update_strategy=strategy))
    return await _rehearsed(hands, scope, group, ask)


def _ask(hands: Hands, group: Nodegroup, runs: int | None) -> Ask:
    speed = _MANY_SECONDS / (hands.clock.after(_MANY_SECONDS) - hands.clock.now()).total_seconds()
    return Ask(group.name, group.update_config, hands.drain_limit_s, runs=runs, speed=round(speed, 3))


async def _as_aws_knows(hands: Hands, group: Nodegroup, ask: Ask) -> Ask:
    """Return an ask with what the cluster does not know of its nodes, as far as AWS tells."""
    compute, name = hands.compute, group.auto_scaling_group_name
    with contextlib.suppress(PortError):
        ask = replace(ask, launched=launches.began(await compute.activities(group.scope, name)))
    with contextlib.suppress(PortError):
        found = await compute.group(group.scope, name)
        ask = replace(ask, zones=found.zones if found is not None else ())
    return ask


async def _rehearsed(hands: Hands, scope: Scope, group: Nodegroup, ask: Ask) -> Rehearsal:
    where = await lookup.cluster(hands, scope, group.cluster)
    if hands.rehearser is None:
        raise Invalid("This process cannot rehearse: it was started without a rehearser.")
    if group.scaling.desired == 0:
        raise Invalid(f"Node group {group.name} has no nodes: an update of it replaces nothing.")
    known = await _as_aws_knows(hands, group, ask)
    return await hands.rehearser.rehearse(hands.clusters.kubernetes(where), known)
