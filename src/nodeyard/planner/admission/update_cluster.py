"""UpdateClusterVersion and UpdateClusterConfig: refuse, or say what the cluster becomes.

Source: reference, existence, uniqueness and state; roles, cluster coupling and quotas; EKS API model,
UpdateType and UpdateParamType. Texts that the reference does not have are what EKS has answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nodeyard.catalog import Catalog
from nodeyard.model.cluster import Cluster
from nodeyard.model.commands import UpdateClusterConfig, UpdateClusterVersion
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused
from nodeyard.model.status import ClusterStatus
from nodeyard.planner.admission import cluster_logging

Params = tuple[tuple[str, str], ...]

SKEW_MINORS_MAX = 3
SKEW_MINORS_MAX_BEFORE_28 = 2
"""How far kubelet may lag the control plane. Source: Kubernetes, version skew policy."""

_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")


@dataclass(frozen=True, slots=True)
class ClusterUpdateAccepted:
    """An update that passed every rule. `pending`: see `model.Cluster`."""

    type: str
    params: Params
    pending: dict[str, Any]


def admit_version(
    command: UpdateClusterVersion, cluster: Cluster, groups: Iterable[Nodegroup], catalog: Catalog
) -> ClusterUpdateAccepted | Refused:
    """Judge the update of a control plane: the next minor only, and no node group left too far behind."""
    members = {"clusterName": cluster.name}
    busy = _busy(cluster, "VersionUpdate")
    if busy is not None:
        return busy
    known = catalog.version(command.version)
    if known is None:
        text = f"unsupported Kubernetes version {command.version}"
        return Refused("InvalidParameterException", text, members)
    if _minor(command.version) != _minor(cluster.version) + 1:
        text = f"Unsupported Kubernetes minor version update from {cluster.version} to {command.version}"
        return Refused("InvalidParameterException", text, members)
    behind = [group.name for group in groups if not _may_stay(group.version, command.version)]
    if behind:
        text = (
            f"Nodegroups {', '.join(behind)} must be updated to match cluster version {cluster.version} "
            "before updating cluster version."
        )
        return Refused("InvalidParameterException", text, members)
    after = {"version": known.minor, "platformVersion": known.platform_version}
    params = (("Version", known.minor), ("PlatformVersion", known.platform_version))
    return ClusterUpdateAccepted("VersionUpdate", params, after)


def admit_config(command: UpdateClusterConfig, cluster: Cluster) -> ClusterUpdateAccepted | Refused:
    """Judge a change of a cluster's settings: one kind at a time, and one that changes something."""
    asked = {name: value for name, value in command.request.items() if value not in (None, {})}
    kinds = sorted({_TYPES[name] for name in asked if name != "resourcesVpcConfig"} | set(_network(asked)))
    type_ = kinds[0] if kinds else "ConfigUpdate"
    busy = _busy(cluster, type_)
    if busy is not None:
        return busy
    fault = _number_of_kinds(kinds)
    if fault is None:
        for rule in RULES:
            fault = fault or rule(asked, cluster)
    if fault is not None:
        return Refused("InvalidParameterException", fault, {"clusterName": cluster.name})
    return ClusterUpdateAccepted(type_, tuple(_params(asked, cluster)), _after(asked, cluster))


def _busy(cluster: Cluster, type_: str) -> Refused | None:
    members = {"clusterName": cluster.name}
    if cluster.status is ClusterStatus.UPDATING:
        text = (
            f"Cannot {type_} because cluster {cluster.name} currently has update {cluster.active_update} "
            "in progress"
        )
        return Refused("ResourceInUseException", text, members)
    if cluster.status is not ClusterStatus.ACTIVE:
        return Refused(
            "InvalidRequestException", f"Cluster '{cluster.name}' is not in ACTIVE status", members
        )
    return None


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _may_stay(kubelet: str, target: str) -> bool:
    most = SKEW_MINORS_MAX if _minor(target) >= 28 else SKEW_MINORS_MAX_BEFORE_28
    return _minor(target) - _minor(kubelet) <= most


_TYPES = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "computeConfig": "AutoModeUpdate",
    "kubernetesNetworkConfig": "AutoModeUpdate",
    "storageConfig": "AutoModeUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "controlPlaneScalingConfig": "ControlPlaneScalingConfigUpdate",
    "kubeApiServerConfig": "ControlPlaneComponentConfigUpdate",
    "kubeSchedulerConfig": "ControlPlaneComponentConfigUpdate",
    "kubeControllerManagerConfig": "ControlPlaneComponentConfigUpdate",
}
"""Member of the request -> type of the update; resourcesVpcConfig holds three kinds of its own."""

_NETWORK = {
    "endpointPublicAccess": ("EndpointAccessUpdate", "EndpointPublicAccess"),
    "endpointPrivateAccess": ("EndpointAccessUpdate", "EndpointPrivateAccess"),
    "publicAccessCidrs": ("EndpointAccessUpdate", "PublicAccessCidrs"),
    "subnetIds": ("VpcConfigUpdate", "Subnets"),
    "securityGroupIds": ("VpcConfigUpdate", "SecurityGroups"),
    "controlPlaneEgressMode": ("ControlPlaneEgressUpdate", "ControlPlaneEgressMode"),
}


def _network(asked: dict[str, Any]) -> Iterator[str]:
    for name in asked.get("resourcesVpcConfig") or {}:
        yield _NETWORK[name][0]


def _number_of_kinds(kinds: list[str]) -> str | None:
    if not kinds:
        return "No changes needed: send one kind of setting to change"
    return "Only one type of update can be allowed." if len(kinds) > 1 else None


def _mode(asked: dict[str, Any], cluster: Cluster) -> str | None:
    after = (asked.get("accessConfig") or {}).get("authenticationMode")
    before = cluster.setting("accessConfig")["authenticationMode"]
    if after is None or _MODES.index(after) >= _MODES.index(before):
        return None
    return f"Unsupported authentication mode update from {before} to {after}"


def _auto_mode(asked: dict[str, Any], cluster: Cluster) -> str | None:
    if not asked.keys() & {"computeConfig", "kubernetesNetworkConfig", "storageConfig"}:
        return None
    switches = {
        (asked.get("computeConfig") or {}).get("enabled"),
        ((asked.get("kubernetesNetworkConfig") or {}).get("elasticLoadBalancing") or {}).get("enabled"),
        ((asked.get("storageConfig") or {}).get("blockStorage") or {}).get("enabled"),
    }
    if len(switches) == 1 and None not in switches:
        return None
    return (
        "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
        "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled."
    )


def _something(asked: dict[str, Any], cluster: Cluster) -> str | None:
    if any(_now(cluster, name) != value for name, value in _after(asked, cluster).items()):
        return None
    if "logging" in asked:
        return "No changes needed for the logging config provided"
    if "resourcesVpcConfig" in asked:
        now = cluster.setting("resourcesVpcConfig")
        return (
            "Cluster is already at the desired configuration with endpointPrivateAccess: "
            f"{_text(now['endpointPrivateAccess'])} , endpointPublicAccess: "
            f"{_text(now['endpointPublicAccess'])}, and Public Endpoint Restrictions: "
            f"[{', '.join(now['publicAccessCidrs'])}]"
        )
    return f"No changes needed for the {', '.join(sorted(asked))} provided"


def _now(cluster: Cluster, member: str) -> Any:
    if member == "deletionProtection":
        return cluster.deletion_protection
    if member == "logging":
        return cluster_logging.after(cluster.request.get(member), None)
    return cluster.setting(member)


RULES: tuple[Callable[[dict[str, Any], Cluster], str | None], ...] = (_mode, _auto_mode, _something)


def _after(asked: dict[str, Any], cluster: Cluster) -> dict[str, Any]:
    """Return the whole of each changed member: what is left out of a structure keeps its value."""
    merged = {
        name: cluster.setting(name) | value if isinstance(value, dict) else value
        for name, value in asked.items()
        if name != "logging"
    }
    if "logging" in asked:
        merged["logging"] = cluster_logging.after(cluster.request.get("logging"), asked["logging"])
    return merged


def _params(asked: dict[str, Any], cluster: Cluster) -> Iterator[tuple[str, str]]:
    for name, value in asked.items():
        if name == "resourcesVpcConfig":
            yield from ((param, _text(value[key])) for key, (_, param) in _NETWORK.items() if key in value)
        elif name == "logging":
            yield "ClusterLogging", _text(value)
        elif name == "accessConfig":
            yield "AuthenticationMode", _text(value["authenticationMode"])
        elif name == "controlPlaneScalingConfig":
            yield "UpdatedTier", _text(value.get("tier"))
            yield "PreviousTier", _text(cluster.setting(name).get("tier", "standard"))
        else:
            yield name[0].upper() + name[1:], _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
