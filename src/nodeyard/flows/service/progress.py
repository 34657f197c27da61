"""Updates for those who watch them: every update of a cluster, and one of them in full.

Reads only. A running version update is looked at once more in the world, because lanes of nodes are
in no record.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.health import Issue
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.rollout import Rollout
from nodeyard.model.scope import Scope
from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import Update
from nodeyard.planner import estimate, membership, progress
from nodeyard.planner.estimate import Estimate
from nodeyard.planner.progress import Held, NodeLane, Watched
from nodeyard.planner.rollout import Observation
from nodeyard.ports import Activity, PortError

_MANY_SECONDS = 100_000.0
_INSTANCE = re.compile(r"\bi-[0-9a-f]{8,17}\b")


@dataclass(frozen=True, slots=True)
class Progress:
    """One update now. `nodes`, `blockers` and the group's `issues` are those of a running version update.

    Units: `elapsed_s` and the estimate are simulated seconds, each as long as `second` on the clock of
    the timestamps. `unseen` says why nodes are missing.
    """

    update: Update
    now: datetime
    second: timedelta
    elapsed_s: float
    nodes: tuple[NodeLane, ...] = ()
    blockers: tuple[Held, ...] = ()
    estimate: Estimate | None = None
    unseen: str = ""
    issues: tuple[Issue, ...] = ()


async def describe(
    hands: Hands, scope: Scope, cluster: str, update_id: str, *, with_nodes: bool = True
) -> Progress:
    """Return an update of the cluster or of any of its node groups. Raises: RefusedError.

    `with_nodes` False: only what the record knows, so that nothing is read in the cluster or in AWS.
    """
    update, group = await _find(hands, scope, cluster, update_id)
    now, second = hands.clock.now(), a_second(hands)
    memory = update.rollout
    began = update.created_at if memory is None else memory.began or update.created_at
    elapsed = max(0.0, ((update.finished_at or now) - began) / second)
    if group is None or memory is None or update.status is not UpdateStatus.IN_PROGRESS:
        return Progress(update, now, second, elapsed)
    guess = estimate.remaining(memory, group.scaling.desired, now, second, group.issues)
    held = progress.blockers(memory.turns, group.drains, now, second, force=update.force)
    known = Progress(update, now, second, elapsed, blockers=held, estimate=guess, issues=group.issues)
    if not with_nodes:
        return known
    try:
        seen = await _watched(hands, group, memory, second)
    except PortError as error:
        return replace(known, unseen=error.message)
    if seen is None:
        gone = f"Auto Scaling group {group.auto_scaling_group_name} does not exist"
        return replace(known, unseen=gone)
    return replace(known, nodes=progress.lanes(seen))


def a_second(hands: Hands) -> timedelta:
    """Return how long a simulated second lasts on the clock that stamps everything."""
    return (hands.clock.after(_MANY_SECONDS) - hands.clock.now()) / _MANY_SECONDS


async def _find(hands: Hands, scope: Scope, cluster: str, update_id: str) -> tuple[Update, Nodegroup | None]:
    await lookup.cluster(hands, scope, cluster)
    for group in await hands.store.nodegroups(scope, cluster):
        found = await hands.store.update(scope, cluster, group.name, update_id)
        if found is not None:
            return found, group
    return await lookup.update(hands, scope, cluster, None, update_id), None


async def _watched(hands: Hands, group: Nodegroup, memory: Rollout, second: timedelta) -> Watched | None:
    scope, name = group.scope, group.auto_scaling_group_name
    cluster = await lookup.cluster(hands, scope, group.cluster)
    custom = group.ami_type == "CUSTOM"
    selector = {} if custom else {"eks.amazonaws.com/nodegroup": group.name}
    found, nodes, activities = await asyncio.gather(
        hands.compute.group(scope, name),
        hands.clusters.kubernetes(cluster).nodes(selector),
        hands.compute.activities(scope, name),
    )
    if found is None:
        return None
    observation = Observation(found, membership.join(found, nodes), {})
    return Watched(observation, memory, group.drains, _began(activities), second)


def _began(activities: tuple[Activity, ...]) -> dict[str, datetime]:
    """Return instance -> start of its newest activity; the newest activities come first."""
    began: dict[str, datetime] = {}
    for activity in activities:
        for instance in _INSTANCE.findall(activity.description):
            began.setdefault(instance, activity.start)
    return began


async def updates(
    hands: Hands, scope: Scope, cluster: str | None, nodegroup: str | None
) -> tuple[Update, ...]:
    """Return updates, newest first: of a node group, of a cluster with all its groups, or of all clusters.

    Raises: RefusedError for a cluster or node group that does not exist.
    """
    if nodegroup is not None:
        if cluster is None:
            text = "nodegroupName needs clusterName: names of node groups repeat from cluster to cluster."
            raise RefusedError(Refused("InvalidParameterException", text))
        await lookup.nodegroup(hands, scope, cluster, nodegroup)
        return await hands.store.updates(scope, cluster, nodegroup)
    if cluster is None:
        names = [each.name for each in await hands.store.clusters(scope)]
    else:
        names = [(await lookup.cluster(hands, scope, cluster)).name]
    found: list[Update] = []
    for name in names:
        found += await hands.store.updates(scope, name, None)
        for group in await hands.store.nodegroups(scope, name):
            found += await hands.store.updates(scope, name, group.name)
    return tuple(sorted(found, key=lambda each: (each.created_at, each.id), reverse=True))
