"""Access entries: those that node groups bring with them, read only.

A cluster whose authentication mode is not CONFIG_MAP has one entry for each node role of its groups.
Source: EKS User Guide, access entries; texts are what EKS answers.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope

WRONG_MODE = (
    "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
    "operation."
)
NOT_FOUND = (
    "The specified principalArn could not be found. You can view your available access entries with "
    "'list-access-entries'."
)


@dataclass(frozen=True, slots=True)
class AccessEntry:
    """The entry of one node role. `type` is EC2_LINUX or EC2_WINDOWS."""

    arn: str
    cluster: str
    principal_arn: str
    type: str
    created_at: datetime


async def entries(hands: Hands, scope: Scope, cluster_name: str) -> tuple[AccessEntry, ...]:
    """Return the entries by principal. Raises: RefusedError in mode CONFIG_MAP."""
    cluster = await lookup.cluster(hands, scope, cluster_name)
    if cluster.setting("accessConfig")["authenticationMode"] == "CONFIG_MAP":
        raise RefusedError(Refused("InvalidRequestException", WRONG_MODE, {"clusterName": cluster_name}))
    found: dict[str, AccessEntry] = {}
    for group in await hands.store.nodegroups(scope, cluster_name):
        role = group.node_role.rpartition("/")[2]
        own = uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster.uuid}/{group.node_role}")
        arn = scope.arn("eks", f"access-entry/{cluster_name}/role/{scope.account}/{role}/{own}")
        kind = "EC2_WINDOWS" if group.ami_type.startswith("WINDOWS") else "EC2_LINUX"
        first = found.get(group.node_role)
        if first is None or group.created_at < first.created_at:
            found[group.node_role] = AccessEntry(arn, cluster_name, group.node_role, kind, group.created_at)
    return tuple(found[principal] for principal in sorted(found))


async def entry(hands: Hands, scope: Scope, cluster_name: str, principal_arn: str) -> AccessEntry:
    """Return the entry of a principal. Raises: RefusedError when it has none."""
    for each in await entries(hands, scope, cluster_name):
        if each.principal_arn == principal_arn:
            return each
    raise RefusedError(Refused("ResourceNotFoundException", NOT_FOUND, {"clusterName": cluster_name}))
