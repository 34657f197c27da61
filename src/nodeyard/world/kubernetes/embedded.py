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
from nodeyard.world.kubernetes.registry import ClusterHandle, Place, Registry, furnish
from nodeyard.world.kubernetes.store import Change, Store

_LOG = logging.getLogger(__name__)

_FLUSH_S = 0.02
_FLUSH_AGAIN_S = 1.0


class EmbeddedKubernetes(Registry):
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
        super().__init__(clock, ids)
        self._host = host
        self._port = port
        self._data_dir = data_dir
        self._temporary = None if data_dir else tempfile.TemporaryDirectory(prefix="nodeyard-kubernetes-")
        self._keys = data_dir / "pki" if data_dir else Path(self._temporary.name if self._temporary else ".")
        self._authority = Authority(self._keys, clock.now())
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
        super().set_version(account, region, name, version)
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

    def _run(self, place: Place, handle: ClusterHandle) -> asyncio.Task[None]:
        task = super()._run(place, handle)
        task.add_done_callback(_report)
        return task

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
