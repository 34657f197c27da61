"""What each operation asks: its action, the resource it is about, and the condition keys it sets.

Source: Service Authorization Reference, Actions, resources, and condition keys for Amazon EKS; the
resources in refusals as EKS has been observed to word them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nodeyard.access.conditions import Context, Either
from nodeyard.access.decide import Ask
from nodeyard.model.scope import Scope

Members = Mapping[str, Any]

CLUSTER, NODEGROUP, CLUSTERS, ALL, TAGGED = "cluster", "nodegroup", "clusters", "all", "tagged"
ADDON, FARGATE, IDENTITY, POD_IDENTITY = "addon", "fargate", "identity", "pod-identity"
ENTRY, SUBSCRIPTION, CAPABILITY, AUTHORITY = "entry", "subscription", "capability", "authority"

_PATHS: dict[str, str] = {
    CLUSTER: "cluster/{cluster}",
    NODEGROUP: "nodegroup/{cluster}/{nodegroupName}/{uuid}",
    CLUSTERS: "cluster/*",
    ALL: "*",
    ADDON: "addon/{cluster}/{addonName}/*",
    FARGATE: "fargateprofile/{cluster}/{fargateProfileName}/*",
    IDENTITY: "identityproviderconfig/{cluster}/*",
    POD_IDENTITY: "podidentityassociation/{cluster}/{associationId}",
    ENTRY: "access-entry/{cluster}/*",
    SUBSCRIPTION: "eks-anywhere-subscription/{id}",
    CAPABILITY: "capability/{cluster}/{capabilityName}/*",
    AUTHORITY: "certificate-authority/{cluster}/{certificateAuthorityId}",
}

_NOT_ABOUT_A_CLUSTER: dict[str, tuple[str, ...]] = {
    NODEGROUP: (
        "DescribeNodegroup",
        "DeleteNodegroup",
        "UpdateNodegroupConfig",
        "UpdateNodegroupVersion",
    ),
    CLUSTERS: ("ListClusters",),
    ALL: (
        "DescribeClusterVersions",
        "DescribeAddonVersions",
        "DescribeAddonConfiguration",
        "ListAccessPolicies",
        "CreateEksAnywhereSubscription",
        "ListEksAnywhereSubscriptions",
    ),
    TAGGED: ("TagResource", "UntagResource", "ListTagsForResource"),
    ADDON: ("DescribeAddon", "DeleteAddon", "UpdateAddon"),
    FARGATE: ("DescribeFargateProfile", "DeleteFargateProfile"),
    IDENTITY: ("DescribeIdentityProviderConfig", "DisassociateIdentityProviderConfig"),
    POD_IDENTITY: (
        "DescribePodIdentityAssociation",
        "DeletePodIdentityAssociation",
        "UpdatePodIdentityAssociation",
    ),
    ENTRY: (
        "DescribeAccessEntry",
        "DeleteAccessEntry",
        "UpdateAccessEntry",
        "AssociateAccessPolicy",
        "DisassociateAccessPolicy",
        "ListAssociatedAccessPolicies",
    ),
    SUBSCRIPTION: (
        "DescribeEksAnywhereSubscription",
        "DeleteEksAnywhereSubscription",
        "UpdateEksAnywhereSubscription",
    ),
    CAPABILITY: ("DescribeCapability", "DeleteCapability", "UpdateCapability"),
    AUTHORITY: (
        "ActivateCertificateAuthority",
        "DescribeCertificateAuthority",
        "DeleteCertificateAuthority",
    ),
}
_KIND = {operation: kind for kind, names in _NOT_ABOUT_A_CLUSTER.items() for operation in names}

_KEYS: dict[str, tuple[str, ...]] = {
    "eks:authenticationMode": ("accessConfig", "authenticationMode"),
    "eks:bootstrapClusterCreatorAdminPermissions": (
        "accessConfig",
        "bootstrapClusterCreatorAdminPermissions",
    ),
    "eks:bootstrapSelfManagedAddons": ("bootstrapSelfManagedAddons",),
    "eks:supportType": ("upgradePolicy", "supportType"),
    "eks:computeConfigEnabled": ("computeConfig", "enabled"),
    "eks:elasticLoadBalancingEnabled": ("kubernetesNetworkConfig", "elasticLoadBalancing", "enabled"),
    "eks:blockStorageEnabled": ("storageConfig", "blockStorage", "enabled"),
    "eks:principalArn": ("principalArn",),
    "eks:kubernetesGroups": ("kubernetesGroups",),
    "eks:username": ("username",),
    "eks:accessEntryType": ("type",),
    "eks:policyArn": ("policyArn",),
    "eks:accessScope": ("accessScope", "type"),
    "eks:namespaces": ("accessScope", "namespaces"),
    "eks:clientId": ("oidc", "clientId"),
    "eks:issuerUrl": ("oidc", "issuerUrl"),
}
"""Condition key -> where its value is in the request."""

PASSED_ROLES = {"CreateCluster": "roleArn", "CreateNodegroup": "nodeRole"}
"""Operations that hand a role to the service, which asks for iam:PassRole on it as well.
Source: IAM User Guide, grant a user permissions to pass a role to an AWS service."""

ASKED_AS = {"ValidateNodegroup": "CreateNodegroup"}
"""Operations of our own that tell what one of EKS would do: whoever may call that may call them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the resource that a call names: its tags, and the id in a node group's ARN."""

    tags: Mapping[str, str] = field(default_factory=dict)
    uuid: str = "*"


def kind(operation: str) -> str:
    """Return what an EKS operation is about."""
    return _KIND.get(operation, CLUSTER)


def cluster_of(members: Members) -> str | None:
    """Return the cluster that a call names."""
    found = members.get("clusterName") or members.get("name")
    return None if found is None else str(found)


def of_eks(operation: str, members: Members, scope: Scope, facts: Facts, circumstances: Context) -> list[Ask]:
    """Return what an EKS call asks: itself, and to pass the role that it names.

    `circumstances` are the condition keys that do not depend on the operation.
    """
    context = dict(circumstances) | _context(members, facts)
    asks = [Ask(f"eks:{operation}", _resource(operation, members, scope, facts), context)]
    role = members.get(PASSED_ROLES.get(operation, ""))
    if role:
        passing = dict(circumstances) | {"iam:passedtoservice": "eks.amazonaws.com"}
        asks.append(Ask("iam:PassRole", str(role), passing))
    return asks


def of_ours(
    operation: str, members: Members, scope: Scope, facts: Facts, circumstances: Context
) -> list[Ask]:
    """Return what a call of our own model asks: about its cluster, or about everything in the Region."""
    if operation in ASKED_AS:
        return of_eks(ASKED_AS[operation], members, scope, facts, circumstances)
    cluster = members.get("clusterName")
    resource = scope.arn("nodeyard", "*") if cluster is None else scope.cluster_arn(str(cluster))
    context = dict(circumstances) | _context(members, facts)
    return [Ask(f"nodeyard:{operation}", resource, context)]


def _resource(operation: str, members: Members, scope: Scope, facts: Facts) -> str:
    about = kind(operation)
    if about == TAGGED:
        return str(members["resourceArn"])
    filled = {name: str(value) for name, value in members.items() if isinstance(value, str)}
    filled |= {"cluster": cluster_of(members) or "*", "uuid": facts.uuid}
    return scope.arn("eks", _PATHS[about].format_map(filled))


def _context(members: Members, facts: Facts) -> dict[str, str | tuple[str, ...]]:
    made: dict[str, str | tuple[str, ...]] = {}
    for key, path in _KEYS.items():
        value = _at(members, path)
        if value is not None:
            made[key.lower()] = value
    if "clusterName" in members:
        made["eks:clustername"] = str(members["clusterName"])
    tags = members.get("tags")
    if isinstance(tags, Mapping):
        made |= _tags("aws:requesttag", tags)
        made["aws:tagkeys"] = tuple(map(str, tags))
    elif isinstance(members.get("tagKeys"), list):
        made["aws:tagkeys"] = tuple(map(str, members["tagKeys"]))
    return made | _tags("aws:resourcetag", facts.tags)


def _tags(prefix: str, tags: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Return tags as condition keys, which have no case."""
    found: dict[str, list[str]] = {}
    for key, value in tags.items():
        found.setdefault(f"{prefix}/{str(key).lower()}", []).append(str(value))
    return {key: values[0] if len(values) == 1 else Either(values) for key, values in found.items()}


def _at(members: Members, path: tuple[str, ...]) -> str | tuple[str, ...] | None:
    found: Any = members
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, list):
        return tuple(map(str, found))
    return None if found is None or isinstance(found, Mapping) else str(found)
