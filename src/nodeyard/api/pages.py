"""Cut a list into the page that a request asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.wire import paginate

Members = dict[str, Any]


def page(
    members: Members,
    result_key: str,
    items: Sequence[Any],
    key: Callable[[Any], str] = str,
    *,
    size_max: int = paginate.PAGE_SIZE_MAX,
) -> Members:
    """Return one page under its result key. Raises: RefusedError for a token that is none of ours."""
    found = paginate.page(items, members.get("maxResults"), members.get("nextToken"), key, size_max=size_max)
    if isinstance(found, paginate.BadToken):
        raise RefusedError(Refused("InvalidParameterException", found.message))
    answer: Members = {result_key: list(found.items)}
    if found.next_token is not None:
        answer["nextToken"] = found.next_token
    return answer
