"""Lists in pages that all show the instant of the first one.

Called by the handler. Later changes are taken back by the history of the store; where that is too short
for it, the client begins again, or goes on with what there is now.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import msgspec

from nodeyard.world.kubernetes.errors import (
    ApiError,
    bad_request,
    cause,
    gone,
    invalid,
    too_large_version,
)
from nodeyard.world.kubernetes.exchange import Request
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.selectors import Predicate
from nodeyard.world.kubernetes.store import Entry, Store

Obj = dict[str, Any]

_OLD_LIST = "The resourceVersion for the provided list is too old."
_OLD_TOKEN = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter, or use the continue token in this response to retrieve the "
    "remainder of the results. Continuing with the provided token results in an inconsistent list - objects "
    "that were created, modified, or deleted between the time the first chunk was returned and now may show "
    "up in the list."
)


class _Asked(NamedTuple):
    """Which instant a list shows, and after which (namespace, name) it begins."""

    revision: int
    start: tuple[str, str] = ("", "")
    token: bool = False


def page(
    store: Store, request: Request, what: Resource, namespace: str | None, test: Predicate | None
) -> tuple[list[Entry], Obj]:
    """Return the entries of the asked page and the metadata of the list.

    Raises: ApiError 400, 410, 422, 504.
    """
    asked = _asked(store, request.query)
    limit = _whole(request.query.get("limit") or "0")
    entries = _at(store, what, namespace, asked)
    if test is not None:
        entries = [entry for entry in entries if test(entry.object)]
    metadata: Obj = {"resourceVersion": str(asked.revision)}
    if limit <= 0 or len(entries) <= limit:
        return entries, metadata
    chosen = entries[:limit]
    metadata["continue"] = _token(asked.revision, _place(chosen[-1].object))
    if test is None:  # nobody counts what a selector leaves
        metadata["remainingItemCount"] = len(entries) - limit
    return chosen, metadata


def _asked(store: Store, query: dict[str, str]) -> _Asked:
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if match not in ("", "Exact", "NotOlderThan"):
        text = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise _invalid(text, "FieldValueNotSupported")
    if match and not version:
        text = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise _invalid(text, "FieldValueForbidden")
    if match == "Exact" and version == "0":
        text = 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        raise _invalid(text, "FieldValueForbidden")
    if version and not version.isdecimal():
        raise bad_request(
            f'invalid resource version: resourceVersion: Invalid value: "{version}": strconv.ParseUint: '
            f'parsing "{version}": invalid syntax'
        )
    if query.get("continue"):
        if version not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        revision, start = _read(query["continue"])
        return _Asked(store.revision if revision < 0 else revision, start, token=True)
    if int(version or 0) > store.revision:
        raise too_large_version(int(version), store.revision)
    return _Asked(int(version) if match == "Exact" else store.revision)


def _invalid(text: str, reason: str) -> ApiError:
    return invalid("ListOptions.meta.k8s.io", "", [cause("resourceVersionMatch", text, reason)])


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _token(revision: int, place: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([revision, *place])).decode()


def _at(store: Store, what: Resource, namespace: str | None, asked: _Asked) -> list[Entry]:
    """Return the entries after a place as they were at a revision, by namespace and name."""
    revision, start = asked.revision, asked.start
    now = list(store.entries(what.stored_as, namespace, start))
    if revision == store.revision:
        return now
    since = store.history(what.stored_as, revision)
    if since is None or revision > store.revision:
        # With the other token a client may go on all the same, over what there is now.
        raise gone(_OLD_TOKEN, _token(-1, start)) if asked.token else gone(_OLD_LIST)
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
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None
