"""What moto holds of an EKS resource: enough for `Ref` and `Fn::GetAtt`. On moto's thread only."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.core.common_models import CloudFormationModel

from nodeyard.world.aws.stacks.properties import CLUSTER, KINDS, NODEGROUP, Wanted

Path = tuple[str | int, ...]

_CLUSTER_ATTRIBUTES: dict[str, Path] = {
    "Arn": ("arn",),
    "CertificateAuthorityData": ("certificateAuthority", "data"),
    "ClusterSecurityGroupId": ("resourcesVpcConfig", "clusterSecurityGroupId"),
    "EncryptionConfigKeyArn": ("encryptionConfig", 0, "provider", "keyArn"),
    "Endpoint": ("endpoint",),
    "Id": ("id",),
    "KubernetesNetworkConfig.ServiceIpv6Cidr": ("kubernetesNetworkConfig", "serviceIpv6Cidr"),
    "OpenIdConnectIssuerUrl": ("identity", "oidc", "issuer"),
}
_NODEGROUP_ATTRIBUTES: dict[str, Path] = {
    "Arn": ("nodegroupArn",),
    "ClusterName": ("clusterName",),
    "NodegroupName": ("nodegroupName",),
}
ATTRIBUTES = {CLUSTER: _CLUSTER_ATTRIBUTES, NODEGROUP: _NODEGROUP_ATTRIBUTES}
"""Name of Fn::GetAtt -> where a description has it."""


def physical_id(thing: Any) -> str:
    """Return the physical id of a resource; rules of security groups have none in moto."""
    return str(getattr(thing, "physical_resource_id", None) or "")


class _Made:
    """A cluster or node group of a stack, as it was when the stack last had to do with it."""

    type = CLUSTER
    cf_resource_type = CLUSTER
    logical_resource_id = ""

    def __init__(self, logical: str, wanted: Wanted, found: dict[str, Any]) -> None:
        self.logical_resource_id = logical
        self.wanted = wanted
        self.attributes = {
            name: value
            for name, path in ATTRIBUTES[wanted.kind].items()
            if (value := _at(found, path)) is not None
        }
        self.attributes.setdefault("Id", wanted.physical_id)

    @property
    def physical_resource_id(self) -> str:
        return self.wanted.physical_id

    @property
    def arn(self) -> str:
        return str(self.attributes.get("Arn", ""))

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> str:
        try:
            return str(self.attributes[name])
        except KeyError:
            if name in ATTRIBUTES[self.wanted.kind]:
                return ""  # such as the key of a cluster that is not encrypted
            raise UnformattedGetAttTemplateException from None

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id" or attr in ATTRIBUTES[cls.type]

    @classmethod
    def create_from_cloudformation_json(cls, *_: Any, **__: Any) -> Any:
        raise ValidationError(message=f"A reference to a resource of type {cls.type} that is not there yet")


class EksCluster(_Made, CloudFormationModel):  # type: ignore[misc]
    type = cf_resource_type = CLUSTER

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return CLUSTER


class EksNodegroup(_Made, CloudFormationModel):  # type: ignore[misc]
    type = cf_resource_type = NODEGROUP

    @staticmethod
    def cloudformation_name_type() -> str:
        return "NodegroupName"

    @staticmethod
    def cloudformation_type() -> str:
        return NODEGROUP


def made(logical: str, wanted: Wanted, found: dict[str, Any]) -> EksCluster | EksNodegroup:
    """Return what moto holds of a resource. `found`: its description; empty: as long as there is none."""
    assert wanted.kind in KINDS
    return (EksCluster if wanted.kind == CLUSTER else EksNodegroup)(logical, wanted, found)


def _at(found: Any, path: Path) -> Any:
    for step in path:
        try:
            found = found[step]
        except (KeyError, IndexError, TypeError):
            return None
    return found
