"""Rehearse the version update of a node group of this service, on its cluster as it is now.

The one place for it: the refresh of insights and the start of an update call it. The work is done
beside the service by `hands.rehearser`; nothing here waits on a processor.
"""

from __future__ import annotations

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.rehearsal import Ask, Rehearsal
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.ports import Invalid

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
    cluster, nodegroup = names
    group = await lookup.nodegroup(hands, scope, cluster, nodegroup)
    where = await lookup.cluster(hands, scope, cluster)
    if hands.rehearser is None:
        raise Invalid("This process cannot rehearse: it was started without a rehearser.")
    if group.scaling.desired == 0:
        raise Invalid(f"Node group {nodegroup} has no nodes: an update of it replaces nothing.")
    speed = _MANY_SECONDS / (hands.clock.after(_MANY_SECONDS) - hands.clock.now()).total_seconds()
    ask = Ask(
        nodegroup,
        group.update_config,
        hands.drain_limit_s,
        force=update is not None and update.force,
        runs=runs,
        ways_out=ways_out,
        speed=round(speed, 3),
        update_id=None if update is None else update.id,
    )
    return await hands.rehearser.rehearse(hands.clusters.kubernetes(where), ask)
