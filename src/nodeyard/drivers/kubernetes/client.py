"""HTTP to one API server: token or certificate, trust in its own CA, errors as ports.PortError.

A list of a thousand nodes is a few MB of JSON, so msgspec decodes it. Never retries on its
own: the engine does, with its own patience. What a server may answer is bounded by `bounds`.
Source: Kubernetes, API concepts (lists in pages, watches, bookmarks).
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from nodeyard.drivers.kubernetes import bounds, identities
from nodeyard.drivers.kubernetes.identities import Identity, IdentitySource
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import Clock, Conflict, Invalid, PortError, Unavailable, fencing
from nodeyard.ports.errors import KUBERNETES
from nodeyard.translation import kubernetes

REQUEST_TIMEOUT_S = 30.0
WATCH_TIMEOUT_S = 300
PAGE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code, decoded body, and how long the server asks to wait."""

    status: int
    body: dict[str, Any]
    retry_after_s: float | None


class Client:
    """One cluster's API server. `close` when done.

    `chance` spreads what many processes would otherwise do at one instant.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        source: IdentitySource,
        clock: Clock,
        chance: Callable[[], float] = lambda: 1.0,
    ) -> None:
        self._url = endpoint.url.rstrip("/")
        self._ca_data = endpoint.ca_data
        self._source = source
        self._clock = clock
        self.chance = chance
        self._identity: Identity | None = None
        self._asking = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None
        self._shown: tuple[str, str] | None = None
        """The certificate that the session's connections were made with."""
        self._decoder = msgspec.json.Decoder(dict[str, Any])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def pause(self, seconds: float) -> None:
        """Wait between two tries."""
        await self._clock.sleep(seconds)

    def steady(self) -> float:
        """Return wall seconds, to tell how long something took."""
        return self._clock.steady()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send one request and return whatever came back. Raises: Unavailable."""
        session, headers, name = await self._opened()
        data = None
        if body is not None:
            data = msgspec.json.encode(body)
            headers["Content-Type"] = content_type
        fencing.check()
        try:
            async with session.request(
                method,
                self._url + path,
                params=query,
                data=data,
                headers=headers,
                server_hostname=name,
                timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S),
                allow_redirects=False,  # an API server has none; another's could lead anywhere
            ) as response:
                raw = await bounds.whole(response.content)
                if response.status == 401:
                    self._identity = None
                return self._answer(response, raw)
        except bounds.TooMuch as much:
            raise self._too_much(much, f"{method} {path}") from much
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            text = f"The Kubernetes API at {self._url} does not answer: {fault!r}"
            raise Unavailable(text, operation=f"{KUBERNETES}{method} {path}") from fault

    async def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send one request and return its body. Raises: PortError of the status."""
        answer = await self.ask(method, path, **options)
        if answer.status < 300:
            return answer.body
        raise error_of(answer, f"{method} {path}")

    async def listed(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return every item of a list, page by page; a list that grew too old meanwhile begins once more."""
        try:
            return [item async for items, _ in self.pages(path, query) for item in items]
        except Conflict:
            return [item async for items, _ in self.pages(path, query) for item in items]

    async def pages(
        self, path: str, query: dict[str, str]
    ) -> AsyncIterator[tuple[list[dict[str, Any]], str]]:
        """Yield the pages of a list, each with the version of the whole. Raises: PortError; Conflict: 410."""
        more = {"limit": str(PAGE)}
        objects = 0
        for _ in range(bounds.PAGES_MAX):
            page = await self.call("GET", path, query=query | more)
            if "items" not in page:
                # Taken for an empty list it would say that every node and pod is gone.
                text = f"The Kubernetes API at {self._url} answers with something that is no list"
                raise Unavailable(text, operation=f"{KUBERNETES}GET {path}")
            items, metadata = page["items"] or [], page.get("metadata") or {}
            objects += len(items)
            if objects > bounds.OBJECTS_MAX:
                raise self._too_much(f"lists more than {bounds.OBJECTS_MAX:,} objects", f"GET {path}")
            yield items, str(metadata.get("resourceVersion", ""))
            token = metadata.get("continue")
            if not token:
                return
            more = {"limit": str(PAGE), "continue": token}
        raise self._too_much(f"lists more than {bounds.PAGES_MAX:,} pages", f"GET {path}")

    async def watched(
        self, path: str, query: dict[str, str], opened: Callable[[], None]
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield watch events until the server ends the watch; `opened` is called once it has begun.

        Raises: PortError.
        """
        session, headers, name = await self._opened()
        lasts_s = int(WATCH_TIMEOUT_S * (1 + self.chance()))
        asked = query | {"watch": "1", "timeoutSeconds": str(lasts_s)}
        # A server that is cut off says nothing, not even that the time is over.
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=REQUEST_TIMEOUT_S, sock_read=lasts_s + REQUEST_TIMEOUT_S
        )
        try:
            async with session.get(
                self._url + path,
                params=asked,
                headers=headers,
                server_hostname=name,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                if response.status == 401:
                    self._identity = None
                if response.status >= 300:
                    answer = self._answer(response, await bounds.whole(response.content))
                    raise error_of(answer, f"watch {path}")
                opened()
                async for line in bounds.lines(response.content):
                    yield self._decoded(line)
        except bounds.TooMuch as much:
            raise self._too_much(much, f"watch {path}") from much
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            text = f"The watch on {self._url} broke: {fault!r}"
            raise Unavailable(text, operation=f"{KUBERNETES}watch {path}") from fault

    def _too_much(self, much: bounds.TooMuch | str, what: str) -> Unavailable:
        text = f"The Kubernetes API at {self._url} {much}, which no cluster does: look what answers there"
        return Unavailable(text, operation=f"{KUBERNETES}{what}")

    def _answer(self, response: aiohttp.ClientResponse, raw: bytes) -> Answer:
        return Answer(response.status, self._decoded(raw), _seconds(response.headers.get("Retry-After")))

    async def _opened(self) -> tuple[aiohttp.ClientSession, dict[str, str], str | None]:
        """Return a session, the headers that say who one is, and the name that the server must prove.

        Raises: PortError, as the source of identities does; Invalid.
        """
        async with self._asking:
            if self._identity is None or self._identity.until <= self._clock.now():
                self._identity = await self._source()
            identity = self._identity
            if self._session is None or identity.certificate != self._shown:
                before = self._session
                self._session, self._shown = self._new_session(identity.certificate), identity.certificate
                if before is not None:
                    await before.close()
            session = self._session
        headers = {"Accept": "application/json"}
        if identity.token is not None:
            headers["Authorization"] = f"Bearer {identity.token}"
        return session, headers, identity.server_name

    def _new_session(self, certificate: tuple[str, str] | None) -> aiohttp.ClientSession:
        trusted = base64.b64decode(self._ca_data).decode() if self._ca_data else None
        try:
            context = ssl.create_default_context(cadata=trusted)
            if certificate is not None:
                identities.present(context, certificate)
        except ssl.SSLError as error:
            text = f"The certificates for {self._url} cannot be used: {error.reason or error}"
            raise Invalid(text, operation=f"{KUBERNETES}connect") from error
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=50))

    def _decoded(self, raw: bytes) -> dict[str, Any]:
        try:
            return self._decoder.decode(raw) if raw else {}
        except (msgspec.DecodeError, RecursionError):
            return {"message": raw[:500].decode(errors="replace")}


def error_of(answer: Answer, what: str) -> PortError:
    """Return the port error for a Kubernetes Status."""
    return kubernetes.error(answer.status, answer.body, what, answer.retry_after_s)


def error_of_status(status: dict[str, Any], what: str) -> PortError:
    """Return the port error for a Status that came within a watch."""
    return kubernetes.error(int(status.get("code") or 500), status, what)


def _seconds(header: str | None) -> float | None:
    try:
        said = float(header) if header else None
    except ValueError:
        return None
    return None if said is None or not said >= 0 else min(said, bounds.RETRY_AFTER_S_MAX)
