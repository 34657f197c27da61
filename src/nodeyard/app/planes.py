"""Where the control planes of `nodeyard up` are: embedded, or one real cluster that a kubeconfig leads to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nodeyard.app.credentials import AccessKeys, EksTokens
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import Clock, Ids
from nodeyard.settings import StartRefused, UpSettings
from nodeyard.world.joined import claim
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes

if TYPE_CHECKING:
    from nodeyard.drivers.kubernetes import Client
    from nodeyard.world.joined.cluster import JoinedKubernetes

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Planes:
    """`client` makes what reaches the API server at an endpoint, and is the caller's to close."""

    kubernetes: EmbeddedKubernetes | JoinedKubernetes
    client: Callable[[Endpoint], Client]
    real: Endpoint | None = None
    """Where the real cluster is; None where clusters are embedded."""


async def found(
    settings: UpSettings, keys: AccessKeys, clock: Clock, ids: Ids, stack: AsyncExitStack
) -> Planes:
    """Return the control planes that the settings ask for. Raises: StartRefused, WorldDataError."""
    if settings.kubeconfig is None:
        return _embedded(settings, keys, clock, ids)
    from nodeyard.app import joining  # its drivers take a while to load

    return await joining.joined(settings, settings.kubeconfig, clock, ids, stack)


def _embedded(settings: UpSettings, keys: AccessKeys, clock: Clock, ids: Ids) -> Planes:
    data_dir = settings.data_dir / "kubernetes"
    before = claim.read(data_dir / claim.NAME)
    if before is not None and before.place is not None:
        raise StartRefused(
            f"Cluster {before.place[2]} in {settings.data_dir} is a real one: start with the --kubeconfig "
            "that leads to it, or choose another --data-dir."
        )
    kubernetes = EmbeddedKubernetes(
        clock=clock,
        ids=ids,
        data_dir=data_dir,
        host=settings.host,
        port=settings.kube_port,
        account_of_token=EksTokens(keys, settings.account, clock).account,
    )

    async def token() -> tuple[str, datetime]:
        return kubernetes.internal_token, NEVER

    def client(endpoint: Endpoint) -> Client:
        from nodeyard.drivers.kubernetes import Client, by_token

        return Client(endpoint, by_token(token), clock, ids.random)

    return Planes(kubernetes, client)
