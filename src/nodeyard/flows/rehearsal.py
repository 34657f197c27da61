"""Rehearsals that the service makes by itself: of every group for insights, of one before its update.

Both are work of the engine, taken up again after a crash. Neither may hold up an update: they write
other records than it, and a rehearsal that fails is told of and forgotten.
"""

from __future__ import annotations

import msgspec
import structlog

from nodeyard.engine.runner import Next, Work
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import rehearsals
from nodeyard.model.cluster import Cluster
from nodeyard.model.insight import Insight, Insights, RefreshStatus
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import RefusedError
from nodeyard.model.rehearsal import Rehearsal
from nodeyard.model.values import replace
from nodeyard.planner import insights
from nodeyard.planner.words import counted
from nodeyard.ports import Changes, Event, PortError, StaleRevision

log = structlog.get_logger(__name__)

RUNS = 5
"""Enough to tell whether and on what it fails; more would keep a processor busy beside the service."""
RUNS_SCORED = 9
"""Before an update: the longest of nine is what nine of ten more runs do not exceed, so p90 was seen."""
TRIES = 5


async def refresh_insights(work: Work, hands: Hands) -> Next:
    """Rehearse every node group of a cluster and write the insights, all at once."""
    _, scope, (name,) = keys.parse(work.key)
    cluster = await hands.store.cluster(scope, name)
    if cluster is None or cluster.insights is None:
        return Next(at=None, forget=True)
    found: list[Insight] = []
    failed = 0
    groups = await hands.store.nodegroups(scope, name)
    for group in groups:
        try:
            made = await rehearsals.of_group(hands, scope, (name, group.name), runs=RUNS)
            found += insights.of_group(cluster, group, made, cluster.insights.found)
        except (PortError, RefusedError) as error:
            failed += 1
            found += _unknown(hands, cluster, group, error, cluster.insights.found)
    said = f"{counted(len(groups), 'node group')} rehearsed" + (f", {failed} could not be" if failed else "")
    status = RefreshStatus.FAILED if failed and failed == len(groups) else RefreshStatus.COMPLETED
    await _write(work, hands, cluster, tuple(found), (status, f"{said}."))
    return Next(at=None, forget=True)


def _unknown(
    hands: Hands,
    cluster: Cluster,
    group: Nodegroup,
    error: PortError | RefusedError,
    before: tuple[Insight, ...],
) -> tuple[Insight, ...]:
    why = error.message if isinstance(error, PortError) else error.refused.message
    return insights.unknown(cluster, group, why, hands.clock.now(), before)


async def _write(
    work: Work, hands: Hands, cluster: Cluster, found: tuple[Insight, ...], end: tuple[RefreshStatus, str]
) -> None:
    """Write over the newest record: a rehearsal takes long, and other work may have written meanwhile."""
    for _ in range(TRIES):
        now = await hands.store.cluster(cluster.scope, cluster.name)
        if now is None or now.insights is None:
            return
        status, message = end
        made = Insights(status, message, now.insights.started_at, hands.clock.now(), found)
        event = Event(
            cluster.scope, cluster.name, None, hands.clock.now(), "InsightsRefreshed", f"insights: {message}"
        )
        try:
            await work.commit(Changes(put=(replace(now, insights=made),), events=(event,)))
        except StaleRevision:
            continue
        return
    raise StaleRevision(f"cluster {cluster.name} keeps changing")


async def before_update(work: Work, hands: Hands) -> Next:
    """Rehearse an update that has just begun and keep the answer in the log, to be scored later."""
    _, scope, (cluster, name, id) = keys.parse(work.key)
    update = await hands.store.update(scope, cluster, name, id)
    if update is None or hands.rehearser is None:
        return Next(at=None, forget=True)
    try:
        made = await rehearsals.of_group(
            hands, scope, (cluster, name), update=update, runs=RUNS_SCORED, ways_out=False
        )
    except (PortError, RefusedError) as error:
        log.warning("an update was not rehearsed", key=work.key, error=str(error))
        return Next(at=None, forget=True)
    subject = {"update": id, "rehearsal": as_text(made)}
    text = f"rehearsed before it began, the update {made.sentence}"
    event = Event(scope, cluster, name, hands.clock.now(), "UpdateRehearsed", text, subject)
    await work.commit(Changes(events=(event,)))
    return Next(at=None, forget=True)


def as_text(made: Rehearsal) -> str:
    """Return a rehearsal as the JSON that `UpdateRehearsed` carries, without what is not scored."""
    kept = replace(made, outages=(), homeless=(), notes=(), ways_out=(), lacking=())
    return msgspec.json.encode(kept).decode()
