"""Rules of this code that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "nodeyard"
FILES = sorted(SOURCE.rglob("*.py"))
LINES_MAX = 500
WALL_CLOCK = re.compile(r"\b(datetime\.now|datetime\.utcnow|time\.time|time\.monotonic|date\.today)\(")
VAGUE = {"utils", "helpers", "common", "misc", "base", "manager"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LINES_MAX, "split it"
    assert path.stem not in VAGUE, "name it after what it holds"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "say what it is for"


def test_only_the_system_driver_reads_the_wall_clock() -> None:
    readers = [
        str(path.relative_to(SOURCE))
        for path in FILES
        if WALL_CLOCK.search(path.read_text()) and "drivers/system" not in path.as_posix()
    ]
    assert readers == []
