"""Server-sent events: the event log as it is written, to as many clients as there are.

One reader follows the store for all of them and keeps the newest events in one ring. A client is
a position: it takes what follows from the ring, or from the store where it is further behind. So a
client costs no memory that grows, however slow it is. Source: HTML, server-sent events.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import UTC, timedelta
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

import structlog

from nodeyard.api import extension_views
from nodeyard.flows.service.events import Filter
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Event, PortError, Store

log = structlog.get_logger(__name__)

Message = MutableMapping[str, Any]
Channel = tuple[Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]]

RING_EVENTS = 2000
PAGE_EVENTS = 500
HEARTBEAT_S = 15.0
"""Wall seconds of silence after which a comment says that the line is alive; proxies give up at 30 or 60."""
LOOK_S = 1.0
"""Wall seconds after which the log is looked at without a hint: another process may have written."""
RETRY_MS = 1000


class EventStream:
    """Call `committed` after every commit that holds events, and keep `run` running."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ring: deque[Event] = deque(maxlen=RING_EVENTS)
        self._floor = 0
        """The ring holds every event above this sequence."""
        self._last = 0
        self._hint = asyncio.Event()
        self._news = asyncio.Event()
        self._listeners: list[Callable[[Event], None]] = []
        self.clients = 0

    def committed(self) -> None:
        """Say that there may be new events."""
        self._hint.set()

    def on_event(self, callback: Callable[[Event], None]) -> None:
        """Call back with every event that is written from now on."""
        self._listeners.append(callback)

    async def start(self) -> None:
        """Find out where the log ends; before the first subscription."""
        self._last = self._floor = await self._store.last_event()

    async def run(self) -> None:
        """Follow the store until cancelled."""
        while True:
            await self._clock.wait(self._hint, self._clock.now() + timedelta(seconds=LOOK_S))
            self._hint.clear()
            try:
                await self._follow()
            except PortError as error:
                log.warning("the event log cannot be read", error=error.message)

    async def _follow(self) -> None:
        """Take what is new into the ring and tell everybody."""
        while page := await self._store.events(None, after=self._last, limit=PAGE_EVENTS):
            for event in page:
                if len(self._ring) == RING_EVENTS:
                    self._floor = self._ring[0].sequence
                self._ring.append(event)
                for listener in self._listeners:
                    listener(event)
            self._last = page[-1].sequence
            news, self._news = self._news, asyncio.Event()
            news.set()

    async def since(self, after: int | None, wanted: Filter) -> AsyncIterator[list[Event]]:
        """Yield events above a sequence (None: from now on) as they come; no events say that it is quiet.

        Bounds: PAGE_EVENTS at once. A pass over a large group tells of hundreds: one by one they cost the
        service and its clients more than what they say.
        """
        # An id above the last one is of a log that is no more: go on with this one.
        position = self._last if after is None else min(after, self._last)
        while True:
            news = self._news
            page, position = await self._page(position, wanted)
            if page:
                yield page
            if position < self._last:
                continue
            if not await self._clock.wait(news, self._clock.now() + timedelta(seconds=HEARTBEAT_S)):
                yield []

    async def _page(self, position: int, wanted: Filter) -> tuple[list[Event], int]:
        """Return the wanted events of the next stretch, and the position behind it."""
        if position >= self._floor:
            news = (each for each in self._ring if each.sequence > position and wanted.takes(each))
            found = list(islice(news, PAGE_EVENTS))
            return found, found[-1].sequence if len(found) == PAGE_EVENTS else max(position, self._last)
        page = await self._store.events(None, after=position, limit=PAGE_EVENTS)
        if not page:
            return [], self._last
        return [each for each in page if wanted.takes(each)], page[-1].sequence

    async def serve(self, who: Scope | None, query: str, last_id: str | None, channel: Channel) -> None:
        """Answer one subscription until the client goes. `who` None: events of everybody."""
        receive, send = channel
        asked = members(query)
        start = last_id or asked.get("after")
        if start is not None and not (start.isascii() and start.isdecimal() and len(start) < 19):
            await _refuse(send, f"{start!r} is no event id: give the number of the last event that you have.")
            return
        wanted = Filter(who, asked.get("cluster"), asked.get("nodegroup"), asked.get("update"))
        left = asyncio.create_task(_gone(receive))
        sent = asyncio.create_task(self._send(send, None if start is None else int(start), wanted))
        self.clients += 1
        try:
            await asyncio.wait((left, sent), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # The service stops: the stream ends as it does when a client goes, and clients come again.
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.clients -= 1
            for task in (left, sent):
                task.cancel()
            await asyncio.gather(left, sent, return_exceptions=True)

    async def _send(
        self, send: Callable[[Message], Awaitable[None]], after: int | None, wanted: Filter
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        position = self._last if after is None else after
        await send(_chunk(f"retry: {RETRY_MS}\nid: {position}\n\n"))
        async for events in self.since(position, wanted):
            await send(_chunk("".join(map(written, events)) or ": still here\n\n"))


def members(query: str) -> dict[str, str]:
    """Return what a subscription asks for; of a name that is given twice the first counts.

    The gate judges by the same reading, so that nobody is shown another cluster than was judged.
    """
    return {name: values[0] for name, values in parse_qs(query).items()}


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def written(event: Event) -> str:
    """Return an event as it stands in the stream: the members of ListEvents as one line of JSON."""
    shape = extension_views.event(event)
    shape["at"] = event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    present = {name: value for name, value in shape.items() if value is not None}
    data = json.dumps(present, separators=(",", ":"), ensure_ascii=False)
    return f"id: {event.sequence}\ndata: {data}\n\n"


def _chunk(text: str) -> Message:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


async def _gone(receive: Callable[[], Awaitable[Message]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Callable[[Message], Awaitable[None]], message: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"x-amzn-errortype", b"InvalidParameterException")]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"message": message}).encode()})
