"""Operations about things that Nodeyard never has: add-ons, Fargate profiles, capabilities and the like.

Clients read them on their way to a node group. What is true is answered: lists are empty, and what is
named is not found. Making one of them is not implemented and says so at the door.
Source: EKS API model; texts are what EKS answers where that is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nodeyard.api.caller import Caller
from nodeyard.api.pages import page
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.refusal import Refused, RefusedError

Members = dict[str, Any]
Handler = Callable[[Caller, Members], Awaitable[Members]]

LISTS = {
    "ListAddons": "addons",
    "ListFargateProfiles": "fargateProfileNames",
    "ListPodIdentityAssociations": "associations",
    "ListIdentityProviderConfigs": "identityProviderConfigs",
    "ListCapabilities": "capabilities",
    "ListEksAnywhereSubscriptions": "subscriptions",
    "ListAccessPolicies": "accessPolicies",
    "DescribeAddonVersions": "addons",
}
"""Operation -> result key of its empty list."""


@dataclass(frozen=True, slots=True)
class _Missing:
    """What is not there, in words with the request's members; `member` goes into the error."""

    text: str
    member: str | None = None


_ADDON = _Missing("No addon: {addonName} found in cluster: {clusterName}", "addonName")
_FARGATE = _Missing("No Fargate Profile found with name: {fargateProfileName}.", "fargateProfileName")
_ASSOCIATION = _Missing(
    "The association ID {associationId} was not found in cluster {clusterName}.", "associationId"
)
_PROVIDER = _Missing("No identity provider config found in cluster: {clusterName}.")
_CAPABILITY = _Missing("No capability found with name: {capabilityName}.")
_SUBSCRIPTION = _Missing("No subscription found with ID: {id}.", "subscriptionId")

NAMED = {
    "DescribeAddon": _ADDON,
    "UpdateAddon": _ADDON,
    "DeleteAddon": _ADDON,
    "DescribeAddonConfiguration": _Missing("No addon: {addonName} is supported.", "addonName"),
    "DescribeFargateProfile": _FARGATE,
    "DeleteFargateProfile": _FARGATE,
    "DescribePodIdentityAssociation": _ASSOCIATION,
    "UpdatePodIdentityAssociation": _ASSOCIATION,
    "DeletePodIdentityAssociation": _ASSOCIATION,
    "DescribeIdentityProviderConfig": _PROVIDER,
    "DisassociateIdentityProviderConfig": _PROVIDER,
    "DescribeCapability": _CAPABILITY,
    "UpdateCapability": _CAPABILITY,
    "DeleteCapability": _CAPABILITY,
    "DescribeEksAnywhereSubscription": _SUBSCRIPTION,
    "UpdateEksAnywhereSubscription": _SUBSCRIPTION,
    "DeleteEksAnywhereSubscription": _SUBSCRIPTION,
}
"""Operation -> what it names, which is never there."""


def _cluster_of(members: Members) -> str | None:
    return members.get("clusterName") or members.get("name")


def handlers(hands: Hands) -> Mapping[str, Handler]:
    """Return operation name -> handler for all of them."""

    def empty(operation: str, result_key: str) -> Handler:
        async def answer(caller: Caller, members: Members) -> Members:
            cluster = _cluster_of(members)
            if cluster is not None:
                await lookup.cluster(hands, caller.scope, cluster)
            return page(members, result_key, ())

        return answer

    def missing(operation: str, what: _Missing) -> Handler:
        async def answer(caller: Caller, members: Members) -> Members:
            cluster = _cluster_of(members)
            if cluster is not None and operation != "DescribeAddonConfiguration":
                await lookup.cluster(hands, caller.scope, cluster)
            raise not_found(what.text, cluster, members, what.member)

        return answer

    return {name: empty(name, key) for name, key in LISTS.items()} | {
        name: missing(name, what) for name, what in NAMED.items()
    }


def not_found(text: str, cluster: str | None, members: Members, member: str | None) -> RefusedError:
    """Return the error for a name that is not there."""
    told = {"clusterName": cluster} if cluster is not None else {}
    named = members.get(member or "", members.get("id"))
    if member is not None and named is not None:
        told[member] = named
    words = text.format(**{**members, "clusterName": cluster})
    return RefusedError(Refused("ResourceNotFoundException", words, told))


def refuse_updates_of_absent(members: Members) -> None:
    """Raise RefusedError when updates of an add-on or capability are asked for: there are none."""
    for name in ("addonName", "capabilityName"):
        if members.get(name) is not None:
            text = f"No {name.removesuffix('Name')}: {members[name]} found in cluster: {members['name']}"
            raise RefusedError(
                Refused(
                    "ResourceNotFoundException", text, {"clusterName": members["name"], name: members[name]}
                )
            )
