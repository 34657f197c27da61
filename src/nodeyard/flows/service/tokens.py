"""Idempotency tokens: the same token and body give the first answer and no second effect.

Source: reference, idempotency tokens; update ids are name-based, as on live groups.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from nodeyard.flows.hands import Hands
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.ports import TokenRecord


def digest(command: Any) -> str:
    """Return a digest of everything a command asks for, its token left out."""
    members = dataclasses.asdict(command)
    members.pop("token", None)
    text = json.dumps(members, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


async def earlier_result(
    hands: Hands, scope: Scope, operation: str, command: Any, members: dict[str, str]
) -> str | None:
    """Return what the first call with this token made, None when there was none.

    Raises: RefusedError when the token was used with another body.
    """
    if not command.token:
        return None
    found = await hands.store.token(scope, operation, command.token)
    if found is None:
        return None
    if found.digest != digest(command):
        raise RefusedError(
            Refused(
                "InvalidParameterException",
                "The clientRequestToken was used before with other parameters; "
                "send a new token for a new request.",
                members,
            )
        )
    return found.result


def record(hands: Hands, scope: Scope, operation: str, command: Any, result: str) -> tuple[TokenRecord, ...]:
    """Return the record to commit with the first effect; nothing when no token came."""
    if not command.token:
        return ()
    return (TokenRecord(scope, operation, command.token, digest(command), result, hands.clock.now()),)
