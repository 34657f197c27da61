"""The way of every node through a version update, as events: what the live view shows of the past.

Called by `update_version` with what it is about to write, so that each step is told once, in the same
transaction in which it is remembered, and read again by whoever opens the view later.
"""

from __future__ import annotations

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.rollout import Rollout
from nodeyard.planner.membership import Member
from nodeyard.planner.progress import Lane, ready_since, turn_lane
from nodeyard.planner.rollout import Observation, View
from nodeyard.ports import Event

GONE = "GONE"


def of_turns(visit: Visit, update_id: str, before: Rollout, after: Rollout) -> tuple[Event, ...]:
    """Return an event for every old node whose lane is another one now."""
    was = {turn.instance: turn_lane(turn) for turn in before.turns}
    found = []
    for turn in after.turns:
        lane = turn_lane(turn)
        if was.pop(turn.instance, None) is not lane:
            found.append(_event(visit, update_id, turn.instance, turn.node, turn.zone, lane))
    gone = [turn for turn in before.turns if turn.instance in was]
    found += [_event(visit, update_id, each.instance, each.node, each.zone, GONE) for each in gone]
    return tuple(found)


def of_new(
    visit: Visit, update_id: str, seen: Observation, before: Rollout, after: Rollout
) -> tuple[Event, ...]:
    """Return an event for every new node that became Ready since the last look."""
    joined = {member.instance.id: member for member in View(seen, after).joined}
    coming = [id for id, _ in before.moving if id in joined]
    # Who came and was Ready between two looks was in no lane before: the newest of those in none now.
    at_once = after.joined - before.joined - len(coming)
    if at_once > 0:
        silent = joined.keys() - set(coming)
        coming += sorted(silent, key=lambda id: (_ready_at(joined[id]), id))[-at_once:]
    return tuple(
        _event(visit, update_id, id, node.name, joined[id].instance.zone, Lane.READY)
        for id in coming
        if (node := joined[id].node) is not None
    )


def _ready_at(member: Member) -> float:
    since = ready_since(member)
    return since.timestamp() if since is not None else 0.0


def of_moving(
    visit: Visit, update_id: str, seen: Observation, before: Rollout, after: Rollout
) -> tuple[Event, ...]:
    """Return an event for every instance that came, joined, began to leave or is gone since the last look."""
    told = dict(before.moving)
    news = [(id, lane) for id, lane in after.moving if told.pop(id, None) != lane]
    members = {member.instance.id: member for member in seen.members}
    news += [(id, GONE) for id in told if id not in members]
    found = []
    for id, lane in news:
        member = members.get(id)
        node = member.node.name if member is not None and member.node is not None else ""
        zone = member.instance.zone if member is not None else ""
        found.append(_event(visit, update_id, id, node, zone, lane))
    return tuple(found)


def _event(visit: Visit, update_id: str, instance: str, node: str, zone: str, lane: str) -> Event:
    where = f"{node or instance} in {zone}" if zone else node or instance
    return visit.event(
        "NodeLane",
        f"{where} is {str(lane).lower()} now",
        update=update_id,
        instance=instance,
        node=node,
        zone=zone,
        lane=str(lane),
    )
