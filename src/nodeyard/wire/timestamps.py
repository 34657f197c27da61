"""The three timestamp formats of AWS protocols. Naive values do not exist here: all is UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from nodeyard.wire.model import Member, Shape

_BY_LOCATION = {"header": "rfc822", "uri": "iso8601", "querystring": "iso8601"}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def form_of(member: Member, shape: Shape) -> str:
    """Return the format of a timestamp member: its own, its shape's, or that of its place in rest-json."""
    default = _BY_LOCATION.get(member.location or "", "unixTimestamp")
    return member.timestamp_format or shape.timestamp_format or default


def parse(value: object, form: str) -> datetime:
    """Return the instant. Raises ValueError for anything that is none."""
    try:
        if form == "unixTimestamp":
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError("not a number")
            return _EPOCH + timedelta(seconds=float(value))
        if not isinstance(value, str):
            raise ValueError("not text")
        if form == "rfc822":
            return parsedate_to_datetime(value).astimezone(UTC)
        found = datetime.fromisoformat(value)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def write(value: datetime, form: str) -> str | float | int:
    """Return the wire form: a number for epoch timestamps, else text."""
    if form == "unixTimestamp":
        seconds = (value - _EPOCH).total_seconds()
        return int(seconds) if seconds.is_integer() else round(seconds, 3)
    if form == "rfc822":
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
