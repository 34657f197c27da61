"""The seam through which somebody else's cluster becomes reachable: credentials looked through, then kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Credentials:
    """What leads to one cluster, sealed: nothing in it can be read without the operator's key."""

    scope: Scope
    cluster: str
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A cluster that was reached with its new credentials. `version` is its Kubernetes minor."""

    endpoint: Endpoint
    version: str
    credentials: Credentials


class Attacher(Protocol):
    """Looks through credentials and seals them. Raises: Invalid, Denied, Unavailable; nothing was kept."""

    async def attach(self, cluster: Cluster, kubeconfig: str, context: str | None) -> Attachment:
        """Reach the cluster that a context of a kubeconfig leads to, and see that all is allowed there.

        `context` None: the current one. Nothing is stored; whoever asked commits the credentials.
        """
        ...
