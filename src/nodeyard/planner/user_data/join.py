"""What every operating system has to be told, whatever the form."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


class UserDataError(ValueError):
    """User data of the caller that cannot be used; the message is for the caller."""


class NotMimeError(UserDataError):
    """User data for Amazon Linux that is not in the MIME multipart format."""


@dataclass(frozen=True, slots=True)
class Join:
    """`taints` are in kubelet spelling, key=value:Effect."""

    cluster: str
    endpoint: str
    ca_data: str
    service_cidr: str
    max_pods: int
    labels: dict[str, str]
    taints: tuple[str, ...]

    @property
    def node_labels(self) -> str:
        return ",".join(f"{key}={value}" for key, value in sorted(self.labels.items()))

    @property
    def node_taints(self) -> str:
        return ",".join(self.taints)


def cluster_dns(service_cidr: str) -> str:
    """Return the address of cluster DNS: the tenth of the service range."""
    return str(ipaddress.ip_network(service_cidr)[10])
