"""Tables, times and JSON on standard output, the same for every command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

WIDTH_PIPED = 1000


def as_json(value: Any) -> str:
    """Return JSON on one line, instants in ISO 8601."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def print_json(value: Any) -> None:
    """Print a document for programs, at once: the reader may be waiting for the line."""
    sys.stdout.write(f"{as_json(value)}\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns that are as wide as they must be; nothing is cut off when piped."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH_PIPED)
    console.print(table)


def print_list(
    found: Sequence[Any],
    columns: Sequence[str],
    row: Callable[[Any], Sequence[str]],
    *,
    json: bool,
    none: str,
) -> None:
    """Print a list: a document a line for programs; for people a table, or the sentence `none`."""
    if json:
        for each in found:
            print_json(each)
    elif not found:
        sys.stdout.write(f"{none}\n")
    else:
        print_table(columns, [row(each) for each in found])


def one_line(text: str) -> str:
    """Return a text that begins no line of its own and tells the terminal nothing: names are strangers."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def span(seconds: float | None) -> str:
    """Return a time such as `45 s`, `3 min 20 s` or `2 h 5 min`; a dash for none."""
    if seconds is None:
        return "-"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def instant(value: Any) -> str:
    """Return an instant as people read it, in UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")
