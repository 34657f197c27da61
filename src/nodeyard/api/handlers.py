"""One function an operation: decoded members in, members of the output shape out.

No rule and no state lives here; `service` decides, `commands` and `views` translate.
To add an operation, add a function and its line in `handlers`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nodeyard.api import absent, commands, views
from nodeyard.api.caller import Caller
from nodeyard.api.insights import Insights
from nodeyard.api.pages import page
from nodeyard.api.written import Shown
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import (
    access,
    attaching,
    cluster_updates,
    clusters,
    lookup,
    nodegroups,
    tags,
    updates,
)
from nodeyard.model.refusal import Refused, RefusedError

Members = dict[str, Any]
Handler = Callable[[Caller, Members], Awaitable[Members | Shown]]


class Eks:
    """The EKS operations over one set of hands."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def handlers(self) -> Mapping[str, Handler]:
        """Return operation name -> handler, for the HTTP door."""
        return {
            "CreateCluster": self.create_cluster,
            "DescribeCluster": self.describe_cluster,
            "ListClusters": self.list_clusters,
            "DeleteCluster": self.delete_cluster,
            "RegisterCluster": self.register_cluster,
            "DeregisterCluster": self.deregister_cluster,
            "UpdateClusterVersion": self.update_cluster_version,
            "UpdateClusterConfig": self.update_cluster_config,
            "DescribeClusterVersions": self.describe_cluster_versions,
            "CreateNodegroup": self.create_nodegroup,
            "DescribeNodegroup": self.describe_nodegroup,
            "ListNodegroups": self.list_nodegroups,
            "UpdateNodegroupConfig": self.update_nodegroup_config,
            "UpdateNodegroupVersion": self.update_nodegroup_version,
            "CancelUpdate": self.cancel_update,
            "DeleteNodegroup": self.delete_nodegroup,
            "DescribeUpdate": self.describe_update,
            "ListUpdates": self.list_updates,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "ListTagsForResource": self.list_tags_for_resource,
            "ListAccessEntries": self.list_access_entries,
            "DescribeAccessEntry": self.describe_access_entry,
            "ListAssociatedAccessPolicies": self.list_associated_access_policies,
            **Insights(self._hands).handlers(),
            **absent.handlers(self._hands),
        }

    async def create_cluster(self, caller: Caller, members: Members) -> Members:
        command = commands.create_cluster(members)
        return {"cluster": views.cluster(await clusters.create(self._hands, caller.scope, command))}

    async def describe_cluster(self, caller: Caller, members: Members) -> Shown:
        found = await lookup.cluster(self._hands, caller.scope, members["name"])
        return Shown("cluster", found, views.cluster)

    async def list_clusters(self, caller: Caller, members: Members) -> Members:
        include = members.get("include") or []
        if set(include) - {"all"}:
            text = f"include must be 'all' or be left out, not {', '.join(include)}"
            raise RefusedError(Refused("InvalidParameterException", text))
        names = await clusters.names(self._hands, caller.scope, connected=bool(include))
        return page(members, "clusters", names)

    async def delete_cluster(self, caller: Caller, members: Members) -> Members:
        leaving = await clusters.delete(self._hands, caller.scope, members["name"])
        return {"cluster": views.cluster(leaving)}

    async def register_cluster(self, caller: Caller, members: Members) -> Members:
        command = commands.register_cluster(members)
        return {"cluster": views.cluster(await attaching.register(self._hands, caller.scope, command))}

    async def deregister_cluster(self, caller: Caller, members: Members) -> Members:
        leaving = await attaching.deregister(self._hands, caller.scope, members["name"])
        return {"cluster": views.cluster(leaving)}

    async def update_cluster_version(self, caller: Caller, members: Members) -> Members:
        command = commands.update_cluster_version(members)
        return {"update": views.update(await cluster_updates.version(self._hands, caller.scope, command))}

    async def update_cluster_config(self, caller: Caller, members: Members) -> Members:
        command = commands.update_cluster_config(members)
        return {"update": views.update(await cluster_updates.config(self._hands, caller.scope, command))}

    async def describe_cluster_versions(self, caller: Caller, members: Members) -> Members:
        now = self._hands.clock.now()
        wanted = members.get("clusterVersions")
        shapes = [views.cluster_version(each, now) for each in self._hands.catalog.versions()]
        shapes.sort(key=lambda each: tuple(map(int, each["clusterVersion"].split("."))), reverse=True)
        if members.get("clusterType") not in (None, "eks"):
            shapes = []
        if wanted:
            shapes = [each for each in shapes if each["clusterVersion"] in wanted]
        if members.get("defaultOnly"):
            shapes = [each for each in shapes if each["defaultVersion"]]
        for name in ("status", "versionStatus"):
            if members.get(name) is not None:
                shapes = [each for each in shapes if each[name] == members[name]]
        if not (members.get("includeAll") or wanted or members.get("status") or members.get("versionStatus")):
            shapes = [each for each in shapes if each["versionStatus"] != "UNSUPPORTED"]
        return page(members, "clusterVersions", shapes, lambda each: str(each["clusterVersion"]))

    async def create_nodegroup(self, caller: Caller, members: Members) -> Members:
        command = commands.create_nodegroup(members)
        return {"nodegroup": views.nodegroup(await nodegroups.create(self._hands, caller.scope, command))}

    async def describe_nodegroup(self, caller: Caller, members: Members) -> Shown:
        names = members["clusterName"], members["nodegroupName"]
        found = await lookup.nodegroup(self._hands, caller.scope, *names)
        return Shown("nodegroup", found, views.nodegroup)

    async def list_nodegroups(self, caller: Caller, members: Members) -> Members:
        names = await nodegroups.names(self._hands, caller.scope, members["clusterName"])
        return page(members, "nodegroups", names)

    async def update_nodegroup_config(self, caller: Caller, members: Members) -> Members:
        command = commands.update_nodegroup_config(members)
        return {"update": views.update(await nodegroups.update_config(self._hands, caller.scope, command))}

    async def update_nodegroup_version(self, caller: Caller, members: Members) -> Members:
        command = commands.update_nodegroup_version(members)
        return {"update": views.update(await updates.start(self._hands, caller.scope, command))}

    async def cancel_update(self, caller: Caller, members: Members) -> Members:
        found = await updates.cancel(self._hands, caller.scope, members["name"], members["updateId"])
        return {"update": views.update(found)}

    async def delete_nodegroup(self, caller: Caller, members: Members) -> Members:
        names = members["clusterName"], members["nodegroupName"]
        return {"nodegroup": views.nodegroup(await nodegroups.delete(self._hands, caller.scope, *names))}

    async def describe_update(self, caller: Caller, members: Members) -> Members:
        absent.refuse_updates_of_absent(members)
        found = await lookup.update(
            self._hands, caller.scope, members["name"], members.get("nodegroupName"), members["updateId"]
        )
        return {"update": views.update(found)}

    async def list_updates(self, caller: Caller, members: Members) -> Members:
        absent.refuse_updates_of_absent(members)
        ids = await nodegroups.update_ids(
            self._hands, caller.scope, members["name"], members.get("nodegroupName")
        )
        return page(members, "updateIds", ids)

    async def tag_resource(self, caller: Caller, members: Members) -> Members:
        await tags.add(self._hands, caller.scope, members["resourceArn"], members["tags"])
        return {}

    async def untag_resource(self, caller: Caller, members: Members) -> Members:
        await tags.remove(self._hands, caller.scope, members["resourceArn"], members["tagKeys"])
        return {}

    async def list_tags_for_resource(self, caller: Caller, members: Members) -> Members:
        return {"tags": await tags.list_for(self._hands, caller.scope, members["resourceArn"])}

    async def list_access_entries(self, caller: Caller, members: Members) -> Members:
        found = await access.entries(self._hands, caller.scope, members["clusterName"])
        # No entry has a policy, so a filter by policy leaves nothing.
        kept = () if members.get("associatedPolicyArn") else found
        return page(members, "accessEntries", [each.principal_arn for each in kept])

    async def describe_access_entry(self, caller: Caller, members: Members) -> Members:
        names = members["clusterName"], members["principalArn"]
        return {"accessEntry": views.access_entry(await access.entry(self._hands, caller.scope, *names))}

    async def list_associated_access_policies(self, caller: Caller, members: Members) -> Members:
        found = await access.entry(self._hands, caller.scope, members["clusterName"], members["principalArn"])
        named = {"clusterName": found.cluster, "principalArn": found.principal_arn}
        return named | page(members, "associatedAccessPolicies", ())
