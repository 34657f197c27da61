"""Join the machines of `nodeyard up` to the real cluster that a kubeconfig leads to, or say why not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from nodeyard.app.planes import Planes
from nodeyard.drivers.kubernetes import Client, Identity, attaching
from nodeyard.drivers.kubernetes.kubelets import RIGHTS, Kubelets
from nodeyard.drivers.system import ScaledClock
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import Clock, Ids, PortError
from nodeyard.settings import StartRefused, UpSettings
from nodeyard.translation import kubeconfig
from nodeyard.world.joined import claim
from nodeyard.world.joined.cluster import JoinedKubernetes
from nodeyard.world.kubernetes import cluster_list

OWN_PLUGINS = ("*",)
"""Exec plugins that may run: any. The kubeconfig is that of who starts this, as it is for kubectl."""


async def joined(settings: UpSettings, given: str, clock: Clock, ids: Ids, stack: AsyncExitStack) -> Planes:
    """Return the real cluster, once it was reached and all is allowed there. Raises: StartRefused."""
    data_dir = settings.data_dir / "kubernetes"
    embedded = cluster_list.read(data_dir / cluster_list.NAME)
    if embedded:
        raise StartRefused(
            f"Cluster {embedded[0][2]} in {settings.data_dir} is an embedded one: start without "
            "--kubeconfig, or choose another --data-dir."
        )
    client, endpoint = _way(given, ids)
    own = client(endpoint)
    stack.push_async_callback(own.close)
    server = Kubelets(own, endpoint)
    uid = await _reached(own, server)
    before = claim.read(data_dir / claim.NAME)
    if before is not None and before.cluster != uid:
        raise StartRefused(
            f"The machines in {settings.data_dir} are those of another cluster than the one at "
            f"{endpoint.url}: give the --kubeconfig of that one, or choose another --data-dir."
        )
    kubernetes = JoinedKubernetes(server, uid, clock=clock, ids=ids, data_dir=data_dir)
    return Planes(kubernetes, client, endpoint)


def _way(given: str, ids: Ids) -> tuple[Callable[[Endpoint], Client], Endpoint]:
    """Return what makes clients, and where to. Raises: StartRefused."""
    try:
        way = kubeconfig.parse(given, None)
    except kubeconfig.KubeconfigRefused as refused:
        raise StartRefused(f"The --kubeconfig cannot be used: {refused}.") from refused
    # A real API server lives in real time, however fast the machines are.
    clock = ScaledClock(1.0)

    async def identity() -> Identity:
        return await attaching.identity(way, clock, OWN_PLUGINS)

    def client(endpoint: Endpoint) -> Client:
        return Client(endpoint, identity, clock, ids.random)

    return client, attaching.endpoint(way)


async def _reached(own: Client, server: Kubelets) -> str:
    """Return the uid of the cluster. Raises: StartRefused."""
    try:
        missing = await attaching.lacking(own, RIGHTS)
        if not missing:
            return await server.cluster()
    except PortError as error:
        raise StartRefused(
            f"The cluster of --kubeconfig cannot be joined: {error.message.rstrip('.')}."
        ) from error
    raise StartRefused(
        f"At {server.url} it is not allowed to {', '.join(missing)}, which machines that join need: give the "
        "--kubeconfig of an administrator."
    )
