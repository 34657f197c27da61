"""The SQS queue to which lifecycle actions are told. `app` reads it in every process that works.

Source: SQS API, ReceiveMessage, DeleteMessageBatch.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope

WAIT_S = 3
"""Seconds that a call waits for a message: short, because the end of a process waits for it."""
MESSAGES_MAX = 10
"""Source: SQS API, ReceiveMessage, MaxNumberOfMessages."""
_URL = re.compile(r"https?://sqs\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<account>\d{12})/(?P<name>[\w-]{1,80})")


@dataclass(frozen=True, slots=True)
class Message:
    """`receipt` is what deletes it."""

    body: str
    receipt: str


def place_of(url: str) -> tuple[Scope, str] | None:
    """Return account, Region and name of the queue of an address; None when it is none of SQS."""
    match = _URL.fullmatch(url)
    return None if match is None else (Scope(match["account"], match["region"]), match["name"])


class HookQueue:
    """Receives and deletes. A message that is not deleted comes again after the queue's visibility timeout.

    `wait_s` is how long a call waits for a message; the embedded AWS does nothing else meanwhile.
    """

    def __init__(self, calls: Calls, scope: Scope, url: str, *, wait_s: int = WAIT_S) -> None:
        self._calls = calls
        self._scope = scope
        self._url = url
        self._wait_s = wait_s

    @property
    def region(self) -> str:
        return self._scope.region

    async def receive(self) -> list[Message]:
        """Return messages, ten at most; none after the wait without one. Raises: PortError."""
        found = await self._calls.call(
            self._scope,
            "sqs",
            "receive_message",
            QueueUrl=self._url,
            MaxNumberOfMessages=MESSAGES_MAX,
            WaitTimeSeconds=self._wait_s,
        )
        listed: list[dict[str, Any]] = found.get("Messages") or []
        return [Message(str(each["Body"]), str(each["ReceiptHandle"])) for each in listed]

    async def delete(self, messages: Sequence[Message]) -> None:
        """Delete messages; one that cannot be comes again, which does no harm. Raises: PortError."""
        entries = [{"Id": str(place), "ReceiptHandle": each.receipt} for place, each in enumerate(messages)]
        await self._calls.call(
            self._scope, "sqs", "delete_message_batch", QueueUrl=self._url, Entries=entries
        )
