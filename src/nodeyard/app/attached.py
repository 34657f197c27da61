"""`ports.Clusters` of clusters that are attached by kubeconfig, and of both kinds beside each other.

What leads to an attached cluster is in the database, sealed with the operator's key. It is read when it
is needed and again every minute, so that new credentials are used by every process without a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nodeyard.drivers.kubernetes import Client, Identity, attaching
from nodeyard.drivers.system.sealing import Seal, SealError
from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.scope import Scope
from nodeyard.ports import (
    Attachment,
    Clock,
    Clusters,
    Credentials,
    Kubernetes,
    NotFound,
    Store,
    Unavailable,
)
from nodeyard.translation.kubeconfig import Way

Connect = Callable[[Client], Kubernetes]


class Attaching:
    """Looks through credentials, seals and unseals them. See `ports.Attacher`.

    `allowed`: command lines of exec plugins, with * for anything.
    """

    def __init__(
        self, store: Store, seal: Seal, clock: Clock, allowed: Sequence[str], chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._seal = seal
        self._clock = clock
        self._allowed = allowed
        self._chance = chance

    async def attach(self, cluster: Cluster, kubeconfig: str, context: str | None) -> Attachment:
        """See `ports.Attacher.attach`."""
        found = attaching.way(kubeconfig, context)
        looked = await attaching.look(found, self._clock, self._allowed)
        kept = attaching.minimal(kubeconfig, context)
        sealed = self._seal.seal(kept.encode(), about(cluster.scope, cluster.name))
        credentials = Credentials(cluster.scope, cluster.name, sealed)
        return Attachment(attaching.endpoint(found), looked.version, credentials)

    def client(self, cluster: Cluster, endpoint: Endpoint) -> Client:
        """Return a client that reads the stored credentials whenever it needs an identity."""

        async def identity() -> Identity:
            found = await self._way(cluster)
            if attaching.endpoint(found) != endpoint:
                # Credentials are for one address: they are never sent to the one before.
                raise Unavailable(f"Cluster {cluster.name} was attached to another address meanwhile.")
            return await attaching.identity(found, self._clock, self._allowed)

        return Client(endpoint, identity, self._clock, self._chance)

    async def _way(self, cluster: Cluster) -> Way:
        held = await self._store.credentials(cluster.scope, cluster.name)
        if held is None:
            raise NotFound(f"Cluster {cluster.name} has no credentials: attach it again.")
        try:
            opened = self._seal.unseal(held.sealed, about(cluster.scope, cluster.name))
        except SealError as error:
            # The operator can put the key back: nothing has failed for good, so it is tried again.
            raise Unavailable(error.message) from error
        return attaching.way(opened.decode(), None)


def about(scope: Scope, name: str) -> str:
    """Return what the sealed credentials of a cluster are bound to."""
    return f"credentials of cluster {scope.cluster_arn(name)}"


def sealed_again(given: Credentials, seal: Seal) -> Credentials:
    """Return credentials sealed with the first key of the file. Raises: SealError."""
    bound = about(given.scope, given.cluster)
    return Credentials(given.scope, given.cluster, seal.seal(seal.unseal(given.sealed, bound), bound))


class AttachedClusters:
    """Control planes that somebody else keeps. See `ports.Clusters`.

    `attaching` None: this process has no key, and reaches none of them.
    """

    def __init__(self, attaching: Attaching | None, connect: Connect) -> None:
        self._attaching = attaching
        self._connect = connect
        self._hands: dict[tuple[Scope, str], tuple[str, Kubernetes]] = {}

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        return cluster.endpoint

    async def remove(self, cluster: Cluster) -> bool:
        """Forget the cluster; it is not ours and stays as it is."""
        self._hands.pop((cluster.scope, cluster.name), None)
        return True

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        """Return the hands on a cluster; the same ones for as long as it is attached to one address."""
        if cluster.endpoint is None:
            raise Unavailable(f"Cluster {cluster.name} is not attached yet: give its credentials.")
        if self._attaching is None:
            raise Unavailable("Attached clusters are not reached without --secret-key-file: start with it.")
        place, mark = (cluster.scope, cluster.name), f"{cluster.uuid} {cluster.endpoint}"
        held = self._hands.get(place)
        if held is None or held[0] != mark:
            held = mark, self._connect(self._attaching.client(cluster, cluster.endpoint))
            self._hands[place] = held
        return held[1]

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        """Return the VPC of its node groups, and the security group that it was attached with."""
        if cluster.vpc_id is None:
            raise NotFound(f"Cluster {cluster.name} has no node group, and so no VPC.")
        return cluster.vpc_id, cluster.security_group_id


class EveryCluster:
    """Clusters of EKS and attached ones, each by its own hands. See `ports.Clusters`."""

    def __init__(self, eks: Clusters, attached: Clusters) -> None:
        self._eks = eks
        self._attached = attached

    def _of(self, cluster: Cluster) -> Clusters:
        return self._eks if cluster.connector is None else self._attached

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        return await self._of(cluster).ensure(cluster)

    async def remove(self, cluster: Cluster) -> bool:
        return await self._of(cluster).remove(cluster)

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        return self._of(cluster).kubernetes(cluster)

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        return await self._of(cluster).ensure_security_group(cluster)
