"""Follow the queue of lifecycle actions: a group is woken when AWS says so, not when it is looked at next."""

from __future__ import annotations

import asyncio

import structlog

from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.hook_queue import WAIT_S, HookQueue, place_of
from nodeyard.flows.hands import Hands
from nodeyard.flows.told import Told
from nodeyard.model.scope import Scope
from nodeyard.ports import PortError
from nodeyard.settings import StartRefused
from nodeyard.translation import hook_messages

log = structlog.get_logger(__name__)

PAUSE_S = 1.0
"""Wall seconds after an answer without messages."""
REST_S = 5.0
"""Wall seconds before a queue that failed is asked again; groups are looked at meanwhile as without one."""


def named(url: str) -> str:
    """Return REGION:ACCOUNT:NAME of the queue of an address. Raises: StartRefused."""
    place = place_of(url)
    if place is None:
        raise StartRefused(
            f"--hook-queue {url} is no queue: give its URL, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME."
        )
    return f"{place[0].region}:{place[0].account}:{place[1]}"


def queue(url: str, calls: Calls, *, embedded: bool) -> HookQueue:
    """Return the queue of an address. Raises: StartRefused."""
    region, account, _ = named(url).split(":")
    return HookQueue(calls, Scope(account, region), url, wait_s=0 if embedded else WAIT_S)


async def follow(source: HookQueue, hands: Hands) -> None:
    """Pass on what the queue tells until cancelled.

    A message is deleted once its wake-up is in the database: one that comes twice, late or out of order
    makes a group be looked at, no more.
    """
    told, failing = Told(hands), False
    while True:
        try:
            came = await once(source, told)
            failing = False
            if not came:
                await asyncio.sleep(PAUSE_S)
        except PortError as error:
            if not failing:
                log.warning("the hook queue is not read: groups are looked at as without", why=error.message)
            failing = True
            await asyncio.sleep(REST_S)


async def once(source: HookQueue, told: Told) -> int:
    """Receive, record, delete; return how many messages there were. Raises: PortError."""
    messages = await source.receive()
    if not messages:
        return 0
    found = [hook_messages.parse(each.body, source.region) for each in messages]
    await told.record({place for place in found if place is not None})
    if None in found:
        log.info("messages of the hook queue name no Auto Scaling group", count=found.count(None))
    await source.delete(messages)
    return len(messages)
