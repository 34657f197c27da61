"""Whom a fault concerns. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from nodeyard.ports import ActiveFault

GROUP_TAG = "eks:nodegroup-name"
"""The tag by which an instance tells its node group."""


def first(
    active: Iterable[ActiveFault], name: str, *, group: str | None = None, zone: str | None = None
) -> ActiveFault | None:
    """Return the first fault of this name that concerns a group and a zone.

    A fault for one group or zone does not concern what belongs to another, or to none.
    """
    for each in active:
        if each.name == name and each.group in (None, group) and each.zone in (None, zone):
            return each
    return None
