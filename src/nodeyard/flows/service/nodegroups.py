"""Create, describe, list, configure and delete node groups; read their updates."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from nodeyard.catalog import default_for
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup, tokens, updates
from nodeyard.model.commands import CreateNodegroup, UpdateNodegroupConfig
from nodeyard.model.limits import CREATE_DEADLINE_S, INSTANCE_TYPES_MAX, SUBNETS_MAX
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.planner import admission
from nodeyard.ports import Changes, Event, Role, TemplateVersion


def _event(hands: Hands, group: Nodegroup, kind: str, message: str) -> Event:
    return Event(group.scope, group.cluster, group.name, hands.clock.now(), kind, message)


def _key(group: Nodegroup) -> str:
    return keys.of_nodegroup(group.scope, group.cluster, group.name)


async def create(hands: Hands, scope: Scope, command: CreateNodegroup) -> Nodegroup:
    """Accept a node group: the record is CREATING, the work goes on in the background."""
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    earlier = await tokens.earlier_result(hands, scope, "CreateNodegroup", command, members)
    if earlier is not None:
        return await lookup.nodegroup(hands, scope, command.cluster, command.name)
    now = hands.clock.now()
    facts = await _facts(hands, scope, command)
    accepted = admission.admit_create_nodegroup(command, facts, now)
    if isinstance(accepted, Refused):
        raise RefusedError(accepted)
    await hands.compute.adopt(scope, command.subnets, command.node_role)
    made = accepted.to_nodegroup(scope, hands.ids.uuid(), now)
    group = replace(made, create_deadline=hands.clock.after(CREATE_DEADLINE_S))
    assert facts.cluster is not None, "admission refuses a group without a cluster"
    placed = admission.placed(facts.cluster, facts.subnets)
    await hands.store.commit(
        Changes(
            put=(group,) if placed == facts.cluster else (placed, group),
            tokens=tokens.record(hands, scope, "CreateNodegroup", command, group.arn),
            events=(_event(hands, group, "NodegroupCreating", f"node group {group.name} was accepted"),),
            wake=((_key(group), now),),
        )
    )
    return group


async def validate(
    hands: Hands, scope: Scope, command: CreateNodegroup, left_out: Collection[str]
) -> list[admission.Refusal]:
    """Return all that `create` would refuse of a group, and create nothing.

    `left_out` are required members that are not there yet: nothing is said of them.
    """
    await lookup.cluster(hands, scope, command.cluster)
    facts = await _facts(hands, scope, command)
    found = admission.refusals_of_create_nodegroup(command, facts)
    return [each for each in found if each.member not in left_out]


async def _facts(hands: Hands, scope: Scope, command: CreateNodegroup) -> admission.CreateFacts:
    cluster = await hands.store.cluster(scope, command.cluster)
    if cluster is not None and cluster.version and hands.releases is not None:
        ami_type = command.ami_type or default_for(cluster.version)
        await hands.releases.learn(scope, ami_type, cluster.version, command.release_version)
    types = (command.instance_types or ())[:INSTANCE_TYPES_MAX]
    subnets, role, template, offered = await asyncio.gather(
        hands.compute.subnets(scope, command.subnets[:SUBNETS_MAX]),
        _role(hands, scope, command.node_role),
        _template(hands, scope, command),
        hands.compute.offered_types(scope, types),
    )
    return admission.CreateFacts(
        cluster=cluster,
        existing=await hands.store.nodegroup(scope, command.cluster, command.name),
        nodegroup_count=len(await hands.store.nodegroups(scope, command.cluster)),
        subnets=subnets,
        role=role,
        template=template,
        offered_types=offered,
        quotas=hands.quotas,
        catalog=hands.catalog,
    )


async def _role(hands: Hands, scope: Scope, arn: str) -> Role | None:
    return await hands.compute.role(scope, arn) if admission.is_role_of(scope, arn) else None


async def _template(hands: Hands, scope: Scope, command: CreateNodegroup) -> TemplateVersion | None:
    asked = command.launch_template
    if asked is None or not (asked.id or asked.name):
        return None
    return await hands.compute.template(scope, id=asked.id, name=asked.name, version=asked.version)


async def names(hands: Hands, scope: Scope, cluster: str) -> list[str]:
    await lookup.cluster(hands, scope, cluster)
    return [group.name for group in await hands.store.nodegroups(scope, cluster)]


async def update_config(hands: Hands, scope: Scope, command: UpdateNodegroupConfig) -> Update:
    """Accept a config update: the group says UPDATING at once, the update InProgress."""
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    earlier = await tokens.earlier_result(hands, scope, "UpdateNodegroupConfig", command, members)
    if earlier is not None:
        return await lookup.update(hands, scope, command.cluster, command.name, earlier)
    group = await lookup.nodegroup(hands, scope, command.cluster, command.name)
    now = hands.clock.now()
    facts = admission.UpdateFacts(group=group, quotas=hands.quotas)
    accepted = admission.admit_update_config(command, facts)
    if isinstance(accepted, Refused):
        raise RefusedError(accepted)
    update = Update(
        scope=scope,
        cluster=command.cluster,
        nodegroup=command.name,
        id=updates.update_id(hands, group, command.token),
        type="ConfigUpdate",
        status=UpdateStatus.IN_PROGRESS,
        created_at=now,
        params=accepted.params,
        configuration=accepted.configuration,
    )
    updating = replace(group.moved_to(NodegroupStatus.UPDATING, now), active_update=update.id)
    await hands.store.commit(
        Changes(
            put=(updating, update),
            tokens=tokens.record(hands, scope, "UpdateNodegroupConfig", command, update.id),
            events=(_event(hands, updating, "UpdateInProgress", f"ConfigUpdate {update.id} was accepted"),),
            wake=((_key(updating), now),),
        )
    )
    return update


async def delete(hands: Hands, scope: Scope, cluster: str, name: str) -> Nodegroup:
    """Accept a deletion; a group that is DELETING already is returned as it is."""
    group = await lookup.nodegroup(hands, scope, cluster, name)
    if group.status is NodegroupStatus.DELETING:
        return group
    refused = admission.admit_delete_nodegroup(group)
    if refused is not None:
        raise RefusedError(refused)
    now = hands.clock.now()
    leaving = replace(group.moved_to(NodegroupStatus.DELETING, now), issues=(), failing=None)
    hands.health_due.pop(_key(leaving), None)
    await hands.store.commit(
        Changes(
            put=(leaving,),
            events=(_event(hands, leaving, "NodegroupDeleting", f"deletion of {name} was accepted"),),
            wake=((_key(leaving), now),),
        )
    )
    return leaving


async def update_ids(hands: Hands, scope: Scope, cluster: str, nodegroup: str | None) -> list[str]:
    if nodegroup is None:
        await lookup.cluster(hands, scope, cluster)
    else:
        await lookup.nodegroup(hands, scope, cluster, nodegroup)
    return [update.id for update in await hands.store.updates(scope, cluster, nodegroup)]
