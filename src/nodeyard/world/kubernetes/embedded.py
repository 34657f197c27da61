"""All embedded clusters of one process: made, kept on disk, driven by their controllers, served on one port.

Called by `nodeyard.app` and by tests. The web server is the caller's: this hands it an ASGI application.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nodeyard.model import standstill
from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Ids
from nodeyard.world import files
from nodeyard.world.errors import WorldDataError
from nodeyard.world.kubernetes import cluster_list
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.certificates import TOKEN, Authority
from nodeyard.world.kubernetes.credentials import AccountOfToken, Tokens
from nodeyard.world.kubernetes.facade import Facade
from nodeyard.world.kubernetes.persistence import OBJECTS
from nodeyard.world.kubernetes.store import Change, Store

_LOG = logging.getLogger(__name__)

_FLUSH_S = 0.02
_FLUSH_AGAIN_S = 1.0
_BUILT_IN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_PRIORITIES = (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000))

Place = tuple[str, str, str]


@dataclass(slots=True)
class ClusterHandle:
    """One embedded cluster."""

    account: str
    region: str
    name: str
    version: str
    url: str
    api: Api
    store: Store


class EmbeddedKubernetes:
    """The embedded clusters of a process."""

    def __init__(
        self,
        *,
        clock: Clock,
        ids: Ids,
        data_dir: Path | None,
        host: str,
        port: int,
        account_of_token: AccountOfToken | None = None,
    ) -> None:
        self._clock = clock
        self._ids = ids
        self._host = host
        self._port = port
        self._data_dir = data_dir
        self._temporary = None if data_dir else tempfile.TemporaryDirectory(prefix="nodeyard-kubernetes-")
        self._keys = data_dir / "pki" if data_dir else Path(self._temporary.name if self._temporary else ".")
        self._authority = Authority(self._keys, clock.now())
        self._clusters: dict[Place, ClusterHandle] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._callbacks: list[Callable[[ClusterHandle], None]] = []
        self._standstill = standstill.NONE
        self._dirty = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None
        self.internal_token = self._token()
        tokens = Tokens(self.internal_token, clock, account_of_token)
        self.asgi = Facade(self.get, tokens)

    @property
    def ca_data(self) -> str:
        """Return the CA certificate as kubeconfig files hold it: base64 of PEM."""
        return base64.b64encode(self._authority.pem).decode()

    def certificate(self) -> tuple[Path, Path]:
        """Return the paths of the server certificate and of its key."""
        return self._authority.server(self._host)

    def _token(self) -> str:
        """Return the bearer token of our own driver; it stays the same over restarts."""
        path = self._keys / TOKEN
        if path.exists():
            return path.read_text().strip()
        token = self._authority.token()
        files.write_whole(path, token.encode())
        return token

    # --- clusters ---

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None:
        """Return a cluster, None when there is none."""
        return self._clusters.get((account, region, name))

    def clusters(self) -> list[ClusterHandle]:
        """Return all clusters."""
        return list(self._clusters.values())

    def on_cluster(self, callback: Callable[[ClusterHandle], None]) -> None:
        """Call back for every cluster, those that exist and those to come."""
        self._callbacks.append(callback)
        for handle in self._clusters.values():
            callback(handle)

    async def create(self, account: str, region: str, name: str, version: str) -> ClusterHandle:
        """Return the cluster of this name, made if it does not exist yet."""
        place = (account, region, name)
        if place in self._clusters:
            return self._clusters[place]
        directory = self._directory(place)
        listed = self._list_path()
        if directory is not None and listed is not None and place not in cluster_list.places(listed):
            # A cluster that is not in the list was not made to the end, or not removed to the end.
            shutil.rmtree(directory, ignore_errors=True)
        handle = self._opened(place, version)
        furnish(handle.api, version)
        handle.store.flush()
        self._save_list()
        self._run(place, handle)
        return handle

    async def remove(self, account: str, region: str, name: str) -> None:
        """Remove a cluster with everything in it; nothing happens when there is none."""
        place = (account, region, name)
        handle = self._clusters.pop(place, None)
        if handle is None:
            return
        await self._halt(place)
        handle.store.close()
        self._save_list()  # first: a cluster in the list has all of its files
        directory = self._directory(place)
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)

    def set_version(self, account: str, region: str, name: str, version: str) -> None:
        """Give a cluster another Kubernetes version, as a control plane upgrade does."""
        self._clusters[(account, region, name)].version = version
        self._save_list()

    def _directory(self, place: Place) -> Path | None:
        return self._data_dir / "clusters" / "/".join(place) if self._data_dir else None

    def _opened(self, place: Place, version: str) -> ClusterHandle:
        store = Store(self._clock, self._ids)
        store.standstill = self._standstill
        directory = self._directory(place)
        store.open(directory / OBJECTS if directory else None)
        url = f"https://{self._host}:{self._port}/{'/'.join(place)}"
        handle = ClusterHandle(*place, version, url, Api(store, self._clock, self._ids), store)
        store.listen(self._changed)
        self._clusters[place] = handle
        return handle

    def _changed(self, change: Change) -> None:
        self._dirty.set()

    def _run(self, place: Place, handle: ClusterHandle) -> None:
        # Imported here: a store and its API are of use without controllers.
        from nodeyard.world.kubernetes.controllers import Controllers

        controllers = Controllers(handle.api, handle.store, self._clock, self._ids)
        self._tasks[place] = asyncio.create_task(controllers.run(), name=f"controllers {'/'.join(place)}")
        self._tasks[place].add_done_callback(_report)
        for callback in self._callbacks:
            callback(handle)

    async def _halt(self, place: Place) -> None:
        task = self._tasks.pop(place, None)
        if task is not None:
            task.cancel()
            # An error of the controllers was reported when it happened; stopping goes on.
            await asyncio.gather(task, return_exceptions=True)

    # --- the list of clusters on disk ---

    def _list_path(self) -> Path | None:
        return self._data_dir / cluster_list.NAME if self._data_dir else None

    def _save_list(self) -> None:
        path = self._list_path()
        if path is None:
            return
        cluster_list.write(path, ((*place, handle.version) for place, handle in self._clusters.items()))

    # --- life ---

    async def start(self, stood: Standstill = standstill.NONE) -> None:
        """Open the clusters that were there before and start writing to disk."""
        self._standstill = stood
        path = self._list_path()
        if path is not None:
            for account, region, name, version in cluster_list.read(path):
                if (account, region, name) not in self._clusters:
                    self._run((account, region, name), self._opened((account, region, name), version))
        self._flusher = asyncio.create_task(self._flush_forever(), name="kubernetes flush")

    async def stop(self) -> None:
        """Stop the controllers and write everything to disk."""
        for place in list(self._tasks):
            await self._halt(place)
        if self._flusher is not None:
            self._flusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flusher
        for handle in self._clusters.values():
            handle.store.close()
        self._clusters.clear()
        if self._temporary is not None:
            self._temporary.cleanup()

    async def _flush_forever(self) -> None:
        while True:
            await self._dirty.wait()
            # What somebody is told of is written before; this is for what nobody asked about yet.
            await asyncio.sleep(_FLUSH_S)
            self._dirty.clear()
            for handle in self._clusters.values():
                try:
                    handle.store.flush()
                except WorldDataError as error:
                    _LOG.error("%s Trying again.", error.message)
                    self._dirty.set()
                    await asyncio.sleep(_FLUSH_AGAIN_S)


def _report(task: asyncio.Task[None]) -> None:
    """Tell when the controllers of a cluster end by an error: nothing in it would move any more."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("%s stopped: %s", task.get_name(), task.exception(), exc_info=task.exception())


def furnish(api: Api, version: str) -> None:
    """Put into a cluster what every cluster has from its first second; what is there stays."""
    for name in _BUILT_IN_NAMESPACES:
        if api.store.get("namespaces", None, name) is None:
            api.create("namespaces", None, {"metadata": {"name": name}})
    for name, value in _PRIORITIES:
        if api.store.get("priorityclasses.scheduling.k8s.io", None, name) is None:
            api.create(
                "priorityclasses.scheduling.k8s.io", None, {"metadata": {"name": name}, "value": value}
            )
    if api.store.get("services", "default", "kubernetes") is None:
        ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}]
        labels = {"component": "apiserver", "provider": "kubernetes"}
        service = {"metadata": {"name": "kubernetes", "labels": labels}}
        spec = {"type": "ClusterIP", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"], "ports": ports}
        api.create("services", "default", {**service, "spec": spec})
    # Imported here: a store and its API are of use without controllers.
    from nodeyard.world.kubernetes.controllers.system_workloads import install

    install(api, version)
