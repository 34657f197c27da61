"""The operations of our own service model, beside those of EKS: one function an operation.

They never change what an EKS call means; a client that knows only EKS misses nothing but these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nodeyard.api import commands, rehearsal_views
from nodeyard.api import extension_views as views
from nodeyard.api import views as eks_views
from nodeyard.api.caller import Caller
from nodeyard.api.pages import page
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import (
    attaching,
    events,
    failed,
    fault_scopes,
    nodegroups,
    nodes,
    overviews,
    progress,
    rehearsals,
    releases,
)
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.ports import Attacher, Faults, NotFound, Publisher

Members = dict[str, Any]
REHEARSAL_RUNS = 5
"""Enough to tell whether and on what an update fails. Source: our service model, runs."""
MANY_MAX = 1000
"""Source: our service model, MaxManyResults: lists that a page shows as a whole."""
LONG = frozenset({"RehearseNodegroupUpdate"})
"""What is not worth going on with once nobody waits for the answer."""
Handler = Callable[[Caller, Members], Awaitable[Members]]


@dataclass(frozen=True, slots=True)
class Powers:
    """What an installation can do beside node groups. None: it cannot. `failing` is key -> error."""

    failing: Callable[[], Mapping[str, str]]
    publisher: Publisher | None = None
    faults: Faults | None = None
    attacher: Attacher | None = None


class Extension:
    """The extension operations over one set of hands."""

    def __init__(self, hands: Hands, powers: Powers) -> None:
        self._hands = hands
        self._powers = powers

    def handlers(self) -> Mapping[str, Handler]:
        """Return operation name -> handler, for the HTTP door."""
        return {
            "AttachCluster": self.attach_cluster,
            "DescribeUpdateProgress": self.describe_update_progress,
            "RehearseNodegroupUpdate": self.rehearse_nodegroup_update,
            "ValidateNodegroup": self.validate_nodegroup,
            "ListUpdateOverviews": self.list_update_overviews,
            "ListNodegroupOverviews": self.list_nodegroup_overviews,
            "ListNodes": self.list_nodes,
            "ListWorkloads": self.list_workloads,
            "ListInstanceTypes": self.list_instance_types,
            "ListEvents": self.list_events,
            "ListReleases": self.list_releases,
            "PublishRelease": self.publish_release,
            "ListFaults": self.list_faults,
            "SetFault": self.set_fault,
            "ClearFault": self.clear_fault,
            "ListFailedOperations": self.list_failed_operations,
            "RetryFailedOperation": self.retry_failed_operation,
            "AbandonFailedOperation": self.abandon_failed_operation,
        }

    async def attach_cluster(self, caller: Caller, members: Members) -> Members:
        command = commands.attach_cluster(members)
        found = await attaching.attach(self._hands, self._powers.attacher, caller.scope, command)
        return {"cluster": eks_views.attached(found)}

    async def describe_update_progress(self, caller: Caller, members: Members) -> Members:
        names = members["clusterName"], members["updateId"]
        with_nodes = members.get("withNodes", True)
        found = await progress.describe(self._hands, caller.scope, *names, with_nodes=with_nodes)
        return {"progress": views.progress(found)}

    async def rehearse_nodegroup_update(self, caller: Caller, members: Members) -> Members:
        found = await rehearsals.of_choice(
            self._hands,
            caller.scope,
            (members["clusterName"], members["nodegroupName"]),
            force=members.get("force", False),
            strategy=members.get("updateStrategy"),
            runs=members.get("runs", REHEARSAL_RUNS),
        )
        return {"rehearsal": rehearsal_views.rehearsal(found)}

    async def validate_nodegroup(self, caller: Caller, members: Members) -> Members:
        left_out = {name: empty for name, empty in commands.REQUIRED.items() if name not in members}
        command = commands.create_nodegroup(left_out | members)
        found = await nodegroups.validate(self._hands, caller.scope, command, left_out)
        return {"refusals": [views.refusal(each) for each in found]}

    async def list_update_overviews(self, caller: Caller, members: Members) -> Members:
        names = members.get("clusterName"), members.get("nodegroupName")
        found = await progress.updates(self._hands, caller.scope, *names)
        return page(members, "updates", [views.update(each) for each in found], lambda each: str(each["id"]))

    async def list_nodegroup_overviews(self, caller: Caller, members: Members) -> Members:
        found = await overviews.of(self._hands, caller.scope, members.get("clusterName"))
        shapes = [views.nodegroup(each) for each in found]
        return page(members, "nodegroups", shapes, lambda each: str(each["nodegroupArn"]))

    async def list_nodes(self, caller: Caller, members: Members) -> Members:
        names = members["clusterName"], members.get("nodegroupName")
        found = await nodes.listed(self._hands, caller.scope, *names)
        shapes = [views.node(group, each) for group, each in found]
        return page(members, "nodes", shapes, lambda each: f"{each['nodegroupName']}/{each['nodeName']}")

    async def list_workloads(self, caller: Caller, members: Members) -> Members:
        found = await nodes.workloads(self._hands, caller.scope, members["clusterName"])
        shapes = [views.workload(each) for each in found]
        key = "{namespace}/{name}/{kind}"
        return page(members, "workloads", shapes, lambda each: key.format(**each), size_max=MANY_MAX)

    async def list_instance_types(self, caller: Caller, members: Members) -> Members:
        shapes = [views.instance_type(each) for each in self._hands.catalog.instance_types()]
        key = "instanceType"
        found = page(members, "instanceTypes", shapes, lambda each: str(each[key]), size_max=MANY_MAX)
        return found | views.prices()

    async def list_events(self, caller: Caller, members: Members) -> Members:
        wanted = events.Filter(
            caller.scope, members.get("clusterName"), members.get("nodegroupName"), members.get("updateId")
        )
        after = members.get("after", 0)
        found = await events.read(self._hands.store, wanted, after, members.get("maxResults", 100))
        last = found[-1].sequence if found else after
        return {"events": [views.event(each) for each in found], "lastSequence": last}

    async def list_releases(self, caller: Caller, members: Members) -> Members:
        region = caller.scope.region
        asked = members.get("amiType"), members.get("kubernetesVersion")
        found = await releases.listed(self._hands, caller.scope, *asked)
        shapes = [views.release(each, region, latest=latest) for each, latest in found]
        return page(members, "releases", shapes, lambda each: str(each["imageId"]))

    async def publish_release(self, caller: Caller, members: Members) -> Members:
        wanted = members["amiType"], members["kubernetesVersion"], members["releaseVersion"]
        made = await releases.publish(self._hands, self._powers.publisher, caller.scope, wanted)
        return {"release": views.release(made, caller.scope.region, latest=True)}

    async def list_faults(self, caller: Caller, members: Members) -> Members:
        faults = self._faults()
        return {
            "faults": [views.fault(each) for each in faults.active()],
            "menu": [views.fault_kind(each) for each in faults.menu()],
        }

    async def set_fault(self, caller: Caller, members: Members) -> Members:
        group, zone = members.get("group"), members.get("zone")
        made = self._faults().set(
            members["name"],
            group=group,
            zone=zone,
            seconds=members.get("seconds"),
            amount=members.get("amount"),
        )
        said = await fault_scopes.note(self._hands, caller.scope, group, zone)
        return {"faultId": made} if said is None else {"faultId": made, "note": said}

    async def clear_fault(self, caller: Caller, members: Members) -> Members:
        try:
            return {"faultIds": list(self._faults().clear(members["which"]))}
        except NotFound as error:
            raise RefusedError(Refused("ResourceNotFoundException", error.message)) from error

    async def list_failed_operations(self, caller: Caller, members: Members) -> Members:
        parked = {each.key: each for each in await failed.parked(self._hands, caller.scope)}
        failing = self._powers.failing()
        mine = [key for key in failing if keys.parse(key)[1] == caller.scope and key not in parked]
        shapes = [views.parked_operation(each) for each in parked.values()]
        shapes += [views.failed_operation(key, failing[key]) for key in mine]
        return {"failedOperations": sorted(shapes, key=lambda each: str(each["key"]))}

    async def retry_failed_operation(self, caller: Caller, members: Members) -> Members:
        found = await failed.retry(self._hands, caller.scope, members["key"])
        return {"failedOperation": views.parked_operation(found)}

    async def abandon_failed_operation(self, caller: Caller, members: Members) -> Members:
        found = await failed.abandon(self._hands, caller.scope, members["key"])
        return {"failedOperation": views.parked_operation(found)}

    def _faults(self) -> Faults:
        if self._powers.faults is None:
            text = "There are no faults to switch here: only the embedded world of `nodeyard up` has them."
            raise RefusedError(Refused("InvalidRequestException", text))
        return self._powers.faults
