"""`nodeyard audit`: who did what, when, from where, and how it ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeyard.cli.flags import flag
from nodeyard.cli.printing import one_line
from nodeyard.settings import StartRefused, database_of

if TYPE_CHECKING:
    from nodeyard.ports.access import AuditEntry

LAST_MAX = 100_000


def audit(
    database_url: Annotated[
        str, flag("--database-url", "postgresql://USER@HOST:PORT/NAME or sqlite:///FILE.")
    ],
    last: Annotated[int, flag("--last", "How many of the newest entries.")] = 100,
    as_json: Annotated[bool, flag("--json", "Print one JSON object a line, as stored.")] = False,
) -> None:
    """Print the audit log: every call that changes something, and every call that was denied.

    A call has two entries: one before it acts (BEGUN) and one with its outcome; they share the request id.
    """
    if not 1 <= last <= LAST_MAX:
        raise StartRefused(f"--last {last} is out of range: choose 1 to {LAST_MAX}.")
    from nodeyard.app import access

    for entry in asyncio.run(access.newest_audit(database_of(database_url), last)):
        typer.echo(json.dumps(_shape(entry)) if as_json else _line(entry))


def _shape(entry: AuditEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "requestId": entry.request_id,
        "caller": entry.caller,
        "accessKeyId": entry.access_key,
        "source": entry.source,
        "account": entry.account,
        "region": entry.region,
        "action": entry.action,
        "resources": list(entry.resources),
        "outcome": entry.outcome,
        "message": entry.message,
    }


def _line(entry: AuditEntry) -> str:
    caller = f"{entry.caller} ({entry.access_key}, {entry.source or 'unknown source'})"
    what = f"{entry.action} on {', '.join(entry.resources)}"
    return one_line(
        f"{entry.at:%Y-%m-%d %H:%M:%SZ}  {entry.outcome:<10}  {caller}  {what}  {entry.request_id}"
    )
