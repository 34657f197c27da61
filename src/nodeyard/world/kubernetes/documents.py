"""Objects as JSON documents: dictionaries, lists and plain values, nothing shared and nothing circular.

Used where an object is written: what the store holds is never changed in place.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def copied(document: T) -> T:
    """Return a copy that shares nothing that can change. Several times faster than `copy.deepcopy`."""
    copy: T = _copied(document)
    return copy


def _copied(document: Any) -> Any:
    if type(document) is dict:
        return {key: _copied(value) for key, value in document.items()}
    if type(document) is list:
        return [_copied(value) for value in document]
    return document
