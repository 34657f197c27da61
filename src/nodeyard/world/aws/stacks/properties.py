"""What a template says of EKS resources, as members of the EKS API. Pure.

Source: CloudFormation template reference, AWS::EKS::Cluster and AWS::EKS::Nodegroup: names are those of the
API with a capital, but for the few named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nodeyard.wire.model import ServiceModel, Shape

CLUSTER, NODEGROUP = "AWS::EKS::Cluster", "AWS::EKS::Nodegroup"
KINDS = (CLUSTER, NODEGROUP)
FORCE = "ForceUpdateEnabled"
_CREATE = {CLUSTER: "CreateCluster", NODEGROUP: "CreateNodegroup"}

REPLACED_FOR = {
    CLUSTER: frozenset({"name", "roleArn", "outpostConfig", "bootstrapSelfManagedAddons"}),
    NODEGROUP: frozenset(
        {
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "nodegroupName",
            "nodeRole",
            "remoteAccess",
            "subnets",
        }
    ),
}
"""Members whose change makes a new resource. Source: template reference, "Update requires: Replacement"."""


class PropertyError(Exception):
    """A property that the resource does not have, or a value of the wrong type."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One EKS resource as a template wants it, references resolved."""

    kind: str
    members: dict[str, Any] = field(default_factory=dict)
    """Of CreateCluster or CreateNodegroup."""
    force: bool = False

    @property
    def name(self) -> str:
        named: str = self.members["name" if self.kind == CLUSTER else "nodegroupName"]
        return named

    @property
    def cluster(self) -> str:
        named: str = self.name if self.kind == CLUSTER else self.members["clusterName"]
        return named

    @property
    def physical_id(self) -> str:
        """What `Ref` gives."""
        return self.name if self.kind == CLUSTER else f"{self.cluster}/{self.name}"


def wanted(kind: str, properties: Mapping[str, Any], name: str, model: ServiceModel) -> Wanted:
    """Return a resource of a template. `name`: what it is called when the template says nothing.

    Raises: PropertyError.
    """
    given = dict(properties)
    force = _value(given.pop(FORCE, False), Shape("Boolean", "boolean"), model, FORCE)
    if kind == CLUSTER:
        given = _cluster_as_api(given)
    shape = model.shapes[str(model.operations[_CREATE[kind]].input)]
    members = _structure(given, shape, model, "#")
    members.setdefault("name" if kind == CLUSTER else "nodegroupName", name)
    members.pop("clientRequestToken", None)
    missing = [each for each in shape.required if each not in members]
    if missing:
        what = _capital(missing[0])
        raise PropertyError(f"#: required key [{what}] not found")
    return Wanted(kind, members, bool(force))


def _cluster_as_api(given: dict[str, Any]) -> dict[str, Any]:
    """Return properties of a cluster where the template's shape is not that of the API."""
    if isinstance(given.get("Tags"), list):
        given["Tags"] = {str(each.get("Key")): str(each.get("Value")) for each in given["Tags"]}
    logging = given.get("Logging")
    if isinstance(logging, dict) and isinstance(logging.get("ClusterLogging"), dict):
        types = [each.get("Type") for each in logging["ClusterLogging"].get("EnabledTypes") or ()]
        given["Logging"] = {"ClusterLogging": [{"Types": types, "Enabled": True}] if types else []}
    return given


def _structure(given: Mapping[str, Any], shape: Shape, model: ServiceModel, place: str) -> dict[str, Any]:
    found = {}
    for key, value in given.items():
        name = key[:1].lower() + key[1:]
        member = shape.members.get(name)
        if member is None or key[:1].islower():
            raise PropertyError(f"{place}: extraneous key [{key}] is not permitted")
        found[name] = _value(value, model.shapes[member.shape], model, f"{place}/{key}")
    return found


def _value(given: Any, shape: Shape, model: ServiceModel, place: str) -> Any:
    """Return a value of a template as the API wants it; a template may say numbers and truth in strings."""
    match shape.type:
        case "structure" if isinstance(given, Mapping):
            return _structure(given, shape, model, place)
        case "list" if isinstance(given, list) and shape.element is not None:
            element = model.shapes[shape.element.shape]
            return [_value(each, element, model, place) for each in given]
        case "map" if isinstance(given, Mapping):
            return {str(key): str(value) for key, value in given.items()}
        case "boolean" if str(given).lower() in ("true", "false"):
            return str(given).lower() == "true"
        case "integer" | "long" if _is_number(given):
            return int(given)
        case "string" if isinstance(given, str | int | float) and not isinstance(given, bool):
            return str(given)
    raise PropertyError(f"{place}: expected type: {shape.type.capitalize()}, found: {type(given).__name__}")


def _is_number(given: Any) -> bool:
    return str(given).removeprefix("-").isdecimal() and not isinstance(given, bool)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
