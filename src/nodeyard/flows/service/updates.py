"""Accept version updates of node groups, cancel them, and find updates by id.

Source: EKS API reference, UpdateNodegroupVersion and CancelUpdate.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup, tokens
from nodeyard.model.commands import UpdateNodegroupVersion
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.rollout import Rollout
from nodeyard.model.scope import Scope
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.planner import admission
from nodeyard.ports import Changes, Event, StaleRevision, TemplateVersion

CANCEL_TRIES = 5
"""The update's own flow writes the same record; a cancellation that loses the race tries again."""


def update_id(hands: Hands, group: Nodegroup, token: str | None) -> str:
    """Return a name-based (version 3) UUID, as live node-group updates carry."""
    seed = hashlib.md5(f"{group.arn}/{token or hands.ids.uuid()}".encode(), usedforsecurity=False)
    return str(uuid.UUID(bytes=seed.digest(), version=3))


async def start(hands: Hands, scope: Scope, command: UpdateNodegroupVersion) -> Update:
    """Accept a version update: the group says UPDATING at once, the update InProgress."""
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    earlier = await tokens.earlier_result(hands, scope, "UpdateNodegroupVersion", command, members)
    if earlier is not None:
        return await lookup.update(hands, scope, command.cluster, command.name, earlier)
    group = await lookup.nodegroup(hands, scope, command.cluster, command.name)
    cluster = await lookup.cluster(hands, scope, command.cluster)
    if hands.releases is not None:
        version = command.version or group.version
        await hands.releases.learn(scope, group.ami_type, version, command.release_version)
    facts = admission.VersionFacts(
        group=group,
        cluster_version=cluster.version,
        template=await _template(hands, group, command),
        catalog=hands.catalog,
    )
    accepted = admission.admit_update_version(command, facts)
    if isinstance(accepted, Refused):
        raise RefusedError(accepted)
    now = hands.clock.now()
    update = Update(
        scope=scope,
        cluster=command.cluster,
        nodegroup=command.name,
        id=update_id(hands, group, command.token),
        type="VersionUpdate",
        status=UpdateStatus.IN_PROGRESS,
        created_at=now,
        params=accepted.params,
        force=command.force,
        rollout=Rollout(accepted.target, same_target=accepted.same, phase_since=now, began=now),
    )
    updating = replace(group.moved_to(NodegroupStatus.UPDATING, now), active_update=update.id)
    target = accepted.target
    said = f"VersionUpdate {update.id} was accepted: {group.release_version} to {target.release_version}"
    await hands.store.commit(
        Changes(
            put=(updating, update),
            tokens=tokens.record(hands, scope, "UpdateNodegroupVersion", command, update.id),
            events=(_event(hands, update, "UpdateInProgress", said),),
            wake=_wakes(hands, update),
        )
    )
    return update


def _wakes(hands: Hands, update: Update) -> tuple[tuple[str, datetime], ...]:
    """Return what works on an update: its group, and a rehearsal of it where there can be one."""
    assert update.nodegroup is not None, "a version update is one of a node group"
    place = update.scope, update.cluster, update.nodegroup
    work = [keys.of_nodegroup(*place)]
    if hands.rehearser is not None:
        work.append(keys.of_rehearsal(*place, update.id))
    return tuple((key, update.created_at) for key in work)


async def _template(
    hands: Hands, group: Nodegroup, command: UpdateNodegroupVersion
) -> TemplateVersion | None:
    """Return the template version that the group shall use: the one asked for, or the one it has."""
    asked, have = command.launch_template, group.launch_template
    if have is None:
        return None
    version = have.version if asked is None else asked.version
    return await hands.compute.template(group.scope, id=have.id, name=None, version=version)


def _event(hands: Hands, update: Update, kind: str, message: str) -> Event:
    return Event(
        update.scope,
        update.cluster,
        update.nodegroup,
        hands.clock.now(),
        kind,
        message,
        {"update": update.id},
    )


async def cancel(hands: Hands, scope: Scope, cluster: str, id: str) -> Update:
    """Ask a running version update of a node group to stop: what is done stays done.

    Raises: RefusedError for an update that is over, or that cannot be cancelled.
    """
    for _ in range(CANCEL_TRIES):
        update = await _found(hands, scope, cluster, id)
        members = {"clusterName": cluster}
        if update.nodegroup is None or update.type != "VersionUpdate":
            text = f"Update {id} cannot be cancelled: only version updates of node groups can"
            raise RefusedError(Refused("InvalidRequestException", text, members))
        if update.status is not UpdateStatus.IN_PROGRESS:
            text = f"Update {id} cannot be cancelled: it is {update.status.value} already"
            raise RefusedError(Refused("InvalidStateException", text, members))
        if update.cancel_requested:
            return update
        asked = replace(update, cancel_requested=True)
        key = keys.of_nodegroup(scope, cluster, update.nodegroup)
        event = _event(hands, update, "UpdateCancelRequested", f"cancellation of update {id} was asked for")
        try:
            await hands.store.commit(Changes(put=(asked,), events=(event,), wake=((key, hands.clock.now()),)))
        except StaleRevision:
            continue
        return asked
    raise StaleRevision(f"update {id} keeps changing")


async def _found(hands: Hands, scope: Scope, cluster: str, id: str) -> Update:
    """Return an update of the cluster or of any of its node groups. Raises: RefusedError."""
    await lookup.cluster(hands, scope, cluster)
    for group in await hands.store.nodegroups(scope, cluster):
        found = await hands.store.update(scope, cluster, group.name, id)
        if found is not None:
            return found
    return await lookup.update(hands, scope, cluster, None, id)
