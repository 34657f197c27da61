"""Whose resources: the account, Region and partition a request belongs to.

Every record is owned by one scope, and every ARN is built here.
"""

from __future__ import annotations

from dataclasses import dataclass

_PARTITION_BY_PREFIX = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)
_DNS_SUFFIX = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}


def partition_of(region: str) -> str:
    """Return the partition of a Region, `aws` when no other claims its prefix."""
    for prefix, partition in _PARTITION_BY_PREFIX:
        if region.startswith(prefix):
            return partition
    return "aws"


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One account in one Region; the owner of clusters and node groups."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    @property
    def dns_suffix(self) -> str:
        return _DNS_SUFFIX.get(self.partition, "amazonaws.com")

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def cluster_arn(self, cluster: str) -> str:
        return self.arn("eks", f"cluster/{cluster}")

    def nodegroup_arn(self, cluster: str, nodegroup: str, uuid: str) -> str:
        """Source: reference of the Nodegroup object, `nodegroupArn`."""
        return self.arn("eks", f"nodegroup/{cluster}/{nodegroup}/{uuid}")
