"""Lists from the cluster that a kubeconfig names: read only, page by page, with its own way to authenticate.

The loader of the official client reads the file, so tokens, certificates and exec plugins such as
`aws eks get-token` work as they do for kubectl. Only GET requests are ever sent.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import msgspec
from kubernetes_asyncio.client import Configuration
from kubernetes_asyncio.config import ConfigException, load_kube_config

from nodeyard.drivers.kubernetes import bounds
from nodeyard.ports import Denied, NotFound, PortError, Unavailable
from nodeyard.ports.errors import KUBERNETES

PAGE = 500
TIMEOUT_S = 60.0
TRIES = 3
_GONE = 410
_BROKEN = (aiohttp.ClientError, TimeoutError, OSError)


class KubeconfigUnusable(Exception):
    """A kubeconfig that leads to no cluster. The text is a sentence."""


@dataclass(frozen=True, slots=True)
class _Page:
    items: list[dict[str, Any]]
    more: str


class ListingClient:
    """Reads one cluster; an asynchronous context. Raises: KubeconfigUnusable on entry."""

    def __init__(self, kubeconfig: Path | None, context: str | None) -> None:
        self._kubeconfig = kubeconfig
        self._context = context
        self._files = tempfile.TemporaryDirectory(prefix="nodeyard-kubeconfig-")
        self._config = Configuration()
        self._session: aiohttp.ClientSession | None = None
        self._decoder = msgspec.json.Decoder(dict[str, Any])

    async def __aenter__(self) -> ListingClient:
        where = self._kubeconfig or "the default kubeconfig"
        if self._kubeconfig is not None and not self._kubeconfig.is_file():
            # The loader would print a line of its own.
            self._files.cleanup()
            raise KubeconfigUnusable(f"{where} names no cluster that can be used: there is no such file")
        try:
            await load_kube_config(
                str(self._kubeconfig) if self._kubeconfig else None,
                self._context,
                self._config,
                persist_config=False,
                temp_file_path=self._files.name,
            )
            connector = aiohttp.TCPConnector(ssl=self._tls())
        except (ConfigException, OSError, ssl.SSLError, ValueError, TypeError, KeyError) as fault:
            self._files.cleanup()
            raise KubeconfigUnusable(f"{where} names no cluster that can be used: {fault}") from fault
        headers = {"Accept": "application/json"}
        token = self._config.api_key.get("BearerToken")
        if token:
            headers["Authorization"] = token if token.startswith("Bearer ") else f"Bearer {token}"
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._session = aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
        self._files.cleanup()

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._config.ssl_ca_cert or None)
        if self._config.cert_file:
            context.load_cert_chain(self._config.cert_file, self._config.key_file)
        if not self._config.verify_ssl:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    async def version(self) -> str:
        """Return what the API server calls its version. Raises: PortError."""
        return str((await self._get("/version", {})).get("gitVersion", ""))

    async def listed(self, api_version: str, plural: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the pages of a list over all namespaces. Raises: PortError."""
        path = f"/{'api' if '/' not in api_version else 'apis'}/{api_version}/{plural}"
        query = {"limit": str(PAGE)}
        for _ in range(bounds.PAGES_MAX):
            page = await self._get(path, query)
            if "items" not in page:
                break
            yield page["items"] or []
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return
            query = {"limit": str(PAGE), "continue": token}
        text = f"The Kubernetes API at {self._config.host} answers with what is no list, or no end of one"
        raise Unavailable(text, operation=f"{KUBERNETES}GET {path}")

    async def _get(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        assert self._session is not None, "the client is used inside of `async with`"
        url = self._config.host.rstrip("/") + path
        fault: Exception | None = None
        for _ in range(TRIES):
            try:
                async with self._session.get(
                    url,
                    params=query,
                    proxy=self._config.proxy or None,
                    server_hostname=self._config.tls_server_name or None,
                ) as response:
                    raw = await bounds.whole(response.content)
                    if response.status < 300:
                        return self._decoder.decode(raw)
                    refused = _error(response.status, path, raw)
                    if response.status < 500:
                        raise refused
                    fault = refused
            except bounds.TooMuch as much:
                text = f"The Kubernetes API at {self._config.host} {much}, which no cluster does"
                raise Unavailable(text, operation=f"{KUBERNETES}GET {path}") from much
            except (*_BROKEN, msgspec.DecodeError, RecursionError) as broken:
                fault = broken
        text = f"The Kubernetes API at {self._config.host} does not answer: {fault}"
        raise Unavailable(text, operation=f"{KUBERNETES}GET {path}") from fault


def _error(status: int, path: str, raw: bytes) -> PortError:
    operation = f"{KUBERNETES}GET {path}"
    try:
        told = str(msgspec.json.decode(raw).get("message", ""))
    except (msgspec.DecodeError, AttributeError, RecursionError):
        told = ""
    text = told or f"the API server answered {status}"
    if status in (401, 403):
        return Denied(text, operation=operation)
    if status == 404:
        return NotFound(text, operation=operation)
    if status == _GONE:
        return Unavailable(
            "the list took longer than the API server keeps it; try again", operation=operation
        )
    return Unavailable(text, operation=operation)
