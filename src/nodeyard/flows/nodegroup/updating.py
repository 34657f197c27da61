"""UPDATING: which flow runs is read off the type of the update that the group names."""

from __future__ import annotations

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import config, update_version
from nodeyard.flows.nodegroup.visit import Visit

FLOWS = {"ConfigUpdate": config.run, "VersionUpdate": update_version.run}


async def run(visit: Visit) -> Next:
    """Read the update in progress and move it on."""
    group = visit.group
    assert group.active_update is not None, "a group that is UPDATING names its update"
    update = await visit.hands.store.update(group.scope, group.cluster, group.name, group.active_update)
    assert update is not None, "an update outlives the work on it"
    return await FLOWS[update.type](visit, update)
