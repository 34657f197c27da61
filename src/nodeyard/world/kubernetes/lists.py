"""Lists in pages that all show the instant of the first one.

Called by the handler. Later changes are taken back by the history of the store; where that is too short
for it, the client begins again.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from nodeyard.world.kubernetes.errors import bad_request, gone
from nodeyard.world.kubernetes.exchange import Request
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.selectors import Predicate
from nodeyard.world.kubernetes.store import Entry, Store

Obj = dict[str, Any]


def page(
    store: Store, request: Request, what: Resource, namespace: str | None, test: Predicate | None
) -> tuple[list[Entry], Obj]:
    """Return the entries of the asked page and the metadata of the list. Raises: ApiError 400, 410."""
    revision, start = store.revision, ("", "")
    token = request.query.get("continue", "")
    if token:
        revision, start = _read(token)
    entries = _at(store, what, namespace, (revision, start))
    if test is not None:
        entries = [entry for entry in entries if test(entry.object)]
    limit = int(request.query.get("limit") or 0)
    metadata: Obj = {"resourceVersion": str(revision)}
    if limit <= 0 or len(entries) <= limit:
        return entries, metadata
    chosen = entries[:limit]
    place = msgspec.json.encode([revision, *_place(chosen[-1].object)])
    metadata["continue"] = base64.urlsafe_b64encode(place).decode()
    if test is None:  # nobody counts what a selector leaves
        metadata["remainingItemCount"] = len(entries) - limit
    return chosen, metadata


def _at(
    store: Store, what: Resource, namespace: str | None, where: tuple[int, tuple[str, str]]
) -> list[Entry]:
    """Return the entries after a place as they were at a revision, by namespace and name."""
    revision, start = where
    now = list(store.entries(what.stored_as, namespace, start))
    if revision == store.revision:
        return now
    since = store.history(what.stored_as, revision)
    if since is None or revision > store.revision:
        raise gone("The provided continue parameter is too old; list again without it.")
    held = {_place(entry.object): entry for entry in now}
    for change in reversed(since):
        place = _place(change.object)
        if namespace is not None and place[0] != namespace:
            continue
        if change.type == "ADDED" or change.previous is None:
            held.pop(place, None)
        else:
            held[place] = Entry(change.previous)
    return [held[place] for place in sorted(held) if place > start]


def _place(obj: Obj) -> tuple[str, str]:
    metadata = obj["metadata"]
    return str(metadata.get("namespace") or ""), str(metadata["name"])


def _read(token: str) -> tuple[int, tuple[str, str]]:
    try:
        revision, space, name = msgspec.json.decode(base64.urlsafe_b64decode(token))
        return int(revision), (str(space), str(name))
    except (ValueError, TypeError, msgspec.DecodeError) as error:
        raise bad_request(f"the continue token cannot be read ({error}); list again without it") from None
