"""Which calls of the EKS API turn a resource of one template into that of the next. Pure.

Source: CloudFormation template reference, AWS::EKS::Cluster and AWS::EKS::Nodegroup; the refusal of combined
updates is that of live stacks.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.stacks.properties import CLUSTER, REPLACED_FOR, Wanted

Call = tuple[str, dict[str, Any]]
"""An operation and its members."""

_VERSION = ("version", "releaseVersion", "launchTemplate")
_CONFIG = ("scalingConfig", "updateConfig", "nodeRepairConfig", "warmPoolConfig")
_ENDPOINT_ACCESS = ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
COMBINED = "Version and ReleaseVersion updates cannot be combined with other updates"


class ChangeError(Exception):
    """A change that no update makes."""


def is_replaced(before: Wanted, after: Wanted) -> bool:
    """Tell whether a change makes a new resource instead of changing the one that is there."""
    return bool(_changed(before, after) & REPLACED_FOR[before.kind])


def calls(before: Wanted, after: Wanted, arn: str) -> list[Call]:
    """Return the calls, each to be made when the one before it has come to its end.

    `arn`: of the resource. Raises: ChangeError.
    """
    changed = _changed(before, after)
    made = _cluster(before, after, changed) if after.kind == CLUSTER else _nodegroup(before, after, changed)
    return made + (_tags(before, after, arn) if "tags" in changed else [])


def _changed(before: Wanted, after: Wanted) -> set[str]:
    members = {*before.members, *after.members}
    return {each for each in members if before.members.get(each) != after.members.get(each)}


def _nodegroup(before: Wanted, after: Wanted, changed: set[str]) -> list[Call]:
    named = {"clusterName": after.cluster, "nodegroupName": after.name}
    if changed & set(_VERSION):
        if changed - set(_VERSION):
            raise ChangeError(COMBINED)
        asked = {each: after.members[each] for each in _VERSION if each in changed and each in after.members}
        return [("UpdateNodegroupVersion", named | asked | {"force": after.force})] if asked else []
    config = {each: after.members[each] for each in _CONFIG if each in changed and each in after.members}
    if "labels" in changed:
        config["labels"] = _labels(before.members.get("labels", {}), after.members.get("labels", {}))
    if "taints" in changed:
        config["taints"] = _taints(before.members.get("taints", []), after.members.get("taints", []))
    return [("UpdateNodegroupConfig", named | config)] if config else []


def _labels(before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    put = {key: value for key, value in after.items() if before.get(key) != value}
    gone = [key for key in before if key not in after]
    return _said(addOrUpdateLabels=put, removeLabels=gone)


def _taints(before: list[dict[str, str]], after: list[dict[str, str]]) -> dict[str, Any]:
    keys = {(each.get("key"), each.get("effect")) for each in after}
    gone = [each for each in before if (each.get("key"), each.get("effect")) not in keys]
    return _said(addOrUpdateTaints=[each for each in after if each not in before], removeTaints=gone)


def _said(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value}


def _cluster(before: Wanted, after: Wanted, changed: set[str]) -> list[Call]:
    named = {"name": after.name}
    made: list[Call] = []
    if "version" in changed and "version" in after.members:
        made.append(("UpdateClusterVersion", named | {"version": after.members["version"]}))
    for member in sorted(changed - {"version", "tags"}):
        was, wanted = before.members.get(member), after.members.get(member)
        if wanted is None:
            continue
        if member == "resourcesVpcConfig":
            made += [("UpdateClusterConfig", named | {member: each}) for each in _network(was or {}, wanted)]
        elif member == "logging":
            made.append(("UpdateClusterConfig", named | {member: _logging(was or {}, wanted)}))
        else:
            made.append(("UpdateClusterConfig", named | {member: wanted}))
    return made


def _network(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts that one update each may change: who reaches the endpoint, and the subnets."""
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    access = {key: value for key, value in changed.items() if key in _ENDPOINT_ACCESS}
    network = {key: value for key, value in changed.items() if key not in _ENDPOINT_ACCESS}
    return [part for part in (access, network) if part]


def _logging(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    kept = {kind for each in after.get("clusterLogging", ()) for kind in each["types"]}
    gone = sorted({kind for each in before.get("clusterLogging", ()) for kind in each["types"]} - kept)
    off = [{"types": gone, "enabled": False}] if gone else []
    return {"clusterLogging": [*after.get("clusterLogging", ()), *off]}


def _tags(before: Wanted, after: Wanted, arn: str) -> list[Call]:
    was, wanted = before.members.get("tags", {}), after.members.get("tags", {})
    put = {key: value for key, value in wanted.items() if was.get(key) != value}
    gone = [key for key in was if key not in wanted]
    made: list[Call] = []
    if gone:
        made.append(("UntagResource", {"resourceArn": arn, "tagKeys": gone}))
    if put:
        made.append(("TagResource", {"resourceArn": arn, "tags": put}))
    return made
