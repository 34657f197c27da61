"""The table of event kinds and the code that writes events say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nodeyard.model.event_kinds import EVENT_KINDS
from nodeyard.model.status import UpdateStatus

SOURCE = Path(__file__).parents[2] / "src" / "nodeyard"
WRITERS = {"event", "_event", "Event", "Note", "note", "_note"}
KIND = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)+")


def kinds(text: str) -> Iterator[str]:
    """Yield every kind that the calls in a source text give to an event."""
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in WRITERS:
            continue
        for given in call.args:
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                if KIND.fullmatch(given.value):
                    yield given.value
            elif isinstance(given, ast.JoinedStr) and ast.unparse(given) == "f'Update{status}'":
                yield from (f"Update{status}" for status in UpdateStatus)


def test_every_kind_that_is_written_is_in_the_table_and_the_other_way_round() -> None:
    folders = (SOURCE / "flows", SOURCE / "planner")
    written = {
        kind for folder in folders for path in folder.rglob("*.py") for kind in kinds(path.read_text())
    }
    assert written == set(EVENT_KINDS)


def test_a_kind_is_found_wherever_it_stands() -> None:
    text = 'visit.event("NodeLost", "x")\nEvent(a, b, None, now, "ClusterLost", said)\nother("NotAKind")'
    assert list(kinds(text)) == ["NodeLost", "ClusterLost"]
