"""What a running update looks like to those who watch it: lanes, blockers, time. Pure.

Made from the same observation and memory that the planner decides on, so that what is shown is what
is waited for. Called by `flows.service.progress` alone; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nodeyard.model.drain import Blocker, Drain
from nodeyard.model.limits import LOAD_BALANCER_PAUSE_S
from nodeyard.model.rollout import Phase, Rollout
from nodeyard.model.values import replace
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout import Observation, View
from nodeyard.ports import Node

_TO_COME = frozenset({Phase.SET_UP, Phase.SCALE_UP, Phase.UPGRADE})
"""Phases in which an old node that nobody drains still has its turn before it."""


class Lane(StrEnum):
    """Where one node is on its way in or out."""

    QUEUED = "QUEUED"
    DRAINING = "DRAINING"
    BLOCKED = "BLOCKED"
    PAUSING = "PAUSING"
    TERMINATING = "TERMINATING"
    LAUNCHING = "LAUNCHING"
    JOINED = "JOINED"
    READY = "READY"


@dataclass(frozen=True, slots=True)
class NodeLane:
    """One instance and its node. `until` is when the lane ends or gives up, where that is known."""

    instance: str
    node: str
    zone: str
    lane: Lane
    because: str
    new: bool
    since: datetime | None = None
    until: datetime | None = None
    pods_left: int | None = None
    history: tuple[tuple[Lane, datetime], ...] = ()
    """Lanes it was in and since when each, oldest first, as far as it can still be seen."""


class Then(StrEnum):
    """What happens when a drain still is not over at its limit."""

    UPDATE_FAILS = "UPDATE_FAILS"
    PODS_DELETED = "PODS_DELETED"
    """The update is forced: the pods are deleted and the node goes."""
    INSTANCE_TERMINATES = "INSTANCE_TERMINATES"
    """Auto Scaling does not wait any longer."""


@dataclass(frozen=True, slots=True)
class Held:
    """A blocker, how long it blocks, how long its drain still tries, and what comes then.

    Units: simulated seconds.
    """

    blocker: Blocker
    instance: str
    until: datetime
    seconds_so: float
    seconds_left: float
    then: Then


@dataclass(frozen=True, slots=True)
class Watched:
    """What is there while an update runs. `began` is instance -> start of its newest scaling activity.

    `drains` are those of instances that Auto Scaling lets go; `second` is how long a simulated
    second lasts on the clock that stamps everything.
    """

    observation: Observation
    memory: Rollout
    drains: Mapping[str, Drain]
    began: Mapping[str, datetime]
    second: timedelta


def lanes(seen: Watched) -> tuple[NodeLane, ...]:
    """Return a lane for every instance: those that do something first, then by zone and id."""
    view = View(seen.observation, seen.memory)
    turns = {turn.instance: turn for turn in seen.memory.turns}
    found = []
    for member in view.seen.members:
        turn = turns.get(member.instance.id)
        way = _entered(seen, member) if view.is_new(member) else _left(turn)
        found.append(replace(_lane(seen, view, member, turn), history=way))
    return tuple(sorted(found, key=lambda each: (_ORDER.index(each.lane), each.zone, each.instance)))


_ORDER = (
    Lane.BLOCKED,
    Lane.DRAINING,
    Lane.PAUSING,
    Lane.TERMINATING,
    Lane.LAUNCHING,
    Lane.JOINED,
    Lane.QUEUED,
    Lane.READY,
)


def _lane(seen: Watched, view: View, member: Member, turn: Drain | None) -> NodeLane:
    if member.leaving:
        return _leaving(seen, view, member)
    if turn is not None:
        return _out(seen, view, member, turn)
    if view.is_new(member):
        return _in(seen, view, member)
    if seen.memory.phase in _TO_COME:
        return _made(view, member, Lane.QUEUED, _before(seen.memory), _Span(seen.memory.began))
    return _made(view, member, Lane.READY, "it is not replaced by this update", _Span(ready_since(member)))


def _before(memory: Rollout) -> str:
    """Return what comes before the turn of a node that waits for it."""
    if memory.phase is Phase.SET_UP:
        return "the update is being set up"
    if memory.phase is Phase.SCALE_UP:
        return "new nodes come up first"
    return f"nodes take turns, {memory.parallel} at once"


def turn_lane(turn: Drain) -> Lane:
    """Return the lane of an old node whose turn it is."""
    if turn.released is not None:
        return Lane.TERMINATING
    if turn.emptied is not None:
        return Lane.PAUSING
    return Lane.BLOCKED if turn.blockers else Lane.DRAINING


def _entered(seen: Watched, member: Member) -> tuple[tuple[Lane, datetime], ...]:
    """Return the way in of a new node: launched, joined, Ready."""
    joined = member.node.created_at if member.node else None
    steps = (
        (Lane.LAUNCHING, None if member.leaving else seen.began.get(member.instance.id)),
        (Lane.JOINED, joined),
        (Lane.READY, ready_since(member) if member.ready else None),
    )
    return tuple((lane, at) for lane, at in steps if at is not None)


def _left(turn: Drain | None) -> tuple[tuple[Lane, datetime], ...]:
    """Return the way out of an old node whose turn has begun."""
    if turn is None:
        return ()
    blocked = min((each.since for each in turn.blockers), default=None)
    steps = (
        (Lane.DRAINING, turn.began),
        (Lane.BLOCKED, blocked),
        (Lane.PAUSING, turn.emptied),
        (Lane.TERMINATING, turn.released),
    )
    return tuple((lane, at) for lane, at in steps if at is not None)


def _leaving(seen: Watched, view: View, member: Member) -> NodeLane:
    """Return the lane of an instance whose termination Auto Scaling has begun."""
    drain = seen.drains.get(member.instance.id)
    began = seen.began.get(member.instance.id)
    if drain is None:
        return _made(view, member, Lane.TERMINATING, "Auto Scaling terminates the instance", _Span(began))
    if drain.blockers:
        return _blocked(view, member, drain)
    because = f"it is drained before the instance goes; {_pods(drain.pods_left)} left"
    return _made(view, member, Lane.TERMINATING, because, _Span(drain.began, drain.limit, drain.pods_left))


def _out(seen: Watched, view: View, member: Member, turn: Drain) -> NodeLane:
    """Return the lane of an old node whose turn it is."""
    if turn.released is not None:
        because = "it is empty; its termination was asked for"
        return _made(view, member, Lane.TERMINATING, because, _Span(turn.released))
    if turn.emptied is not None:
        because = f"it is empty; load balancers get {LOAD_BALANCER_PAUSE_S} s to notice"
        until = turn.emptied + seen.second * LOAD_BALANCER_PAUSE_S
        return _made(view, member, Lane.PAUSING, because, _Span(turn.emptied, until, 0))
    if turn.blockers:
        return _blocked(view, member, turn)
    because = f"{_pods(turn.pods_left)} left to evict" if turn.pods_left else "its pods are being evicted"
    return _made(view, member, Lane.DRAINING, because, _Span(turn.began, turn.limit, turn.pods_left))


def _blocked(view: View, member: Member, drain: Drain) -> NodeLane:
    first = min(drain.blockers, key=lambda each: each.since)
    more = len(drain.blockers) - 1
    because = first.sentence + (f" (and {more} more)" if more else "")
    return _made(view, member, Lane.BLOCKED, because, _Span(first.since, drain.limit, drain.pods_left))


def _in(seen: Watched, view: View, member: Member) -> NodeLane:
    """Return the lane of a new node."""
    node, limit = member.node, seen.memory.join_limit
    if node is None:
        began = seen.began.get(member.instance.id)
        return _made(view, member, Lane.LAUNCHING, "the instance starts", _Span(began, limit))
    if member.instance.id in view.joined_ids:
        release = seen.memory.target.release_version
        return _made(view, member, Lane.READY, f"it runs {release}", _Span(ready_since(member)))
    because = "it gets its labels" if member.ready else _not_ready(node)
    return _made(view, member, Lane.JOINED, because, _Span(node.created_at, limit))


def _not_ready(node: Node) -> str:
    """Return that a new node is not Ready, and why by the words of its kubelet."""
    condition = node.conditions.get("Ready")
    why = f": {condition.message}" if condition is not None and condition.message else ""
    return f"it joined and is not Ready yet{why}"


@dataclass(frozen=True, slots=True)
class _Span:
    since: datetime | None = None
    until: datetime | None = None
    pods_left: int | None = None


def _made(view: View, member: Member, lane: Lane, because: str, span: _Span) -> NodeLane:
    return NodeLane(
        instance=member.instance.id,
        node=member.node.name if member.node else "",
        zone=member.instance.zone,
        lane=lane,
        because=because,
        new=view.is_new(member),
        since=span.since,
        until=span.until,
        pods_left=span.pods_left,
    )


def ready_since(member: Member) -> datetime | None:
    """Return since when the node of an instance is Ready or not, as its condition says."""
    condition = member.node.conditions.get("Ready") if member.node else None
    return condition.since if condition is not None else None


def _pods(count: int) -> str:
    return f"{count} pod{'' if count == 1 else 's'}"


def blockers(
    turns: Sequence[Drain], drains: Mapping[str, Drain], now: datetime, second: timedelta, *, force: bool
) -> tuple[Held, ...]:
    """Return what holds drains up, the longest first; a drain that is over holds nobody.

    `turns` are those of the update, `force` is how it was started; `drains` and `second` are those of
    `Watched`.
    """
    fate = Then.PODS_DELETED if force else Then.UPDATE_FAILS
    running = [(turn, fate) for turn in turns if turn.emptied is None and turn.released is None]
    running += [(each, Then.INSTANCE_TERMINATES) for each in drains.values() if each.released is None]
    found = [
        Held(
            each,
            drain.instance,
            drain.limit,
            seconds_so=max(0.0, (now - each.since) / second),
            seconds_left=max(0.0, (drain.limit - now) / second),
            then=then,
        )
        for drain, then in running
        for each in drain.blockers
    ]
    return tuple(sorted(found, key=lambda held: (held.blocker.since, held.blocker.pod)))


def moving(seen: Observation, memory: Rollout) -> tuple[tuple[str, str], ...]:
    """Return instance -> lane, as pairs in order, of those on their way in, and out without a turn."""
    view = View(seen, memory)
    joined = view.joined_ids
    found = []
    for member in seen.members:
        id = member.instance.id
        if id in view.out:
            continue
        if member.leaving:
            found.append((id, str(Lane.TERMINATING)))
        elif id not in joined and view.is_new(member):
            found.append((id, str(Lane.JOINED if member.node else Lane.LAUNCHING)))
    return tuple(sorted(found))
