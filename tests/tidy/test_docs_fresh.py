"""The pages that are made from the code say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import generate


def test_no_page_is_stale() -> None:
    assert generate.stale() == [], "run `make docs` and commit what it wrote"


def test_a_stale_page_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert set(generate.stale()) == set(generate.pages())
    generate.main()
    assert generate.stale() == []
    page = tmp_path / "operations.md"
    page.write_text(page.read_text().replace("works", "does not"))
    assert generate.stale() == ["operations.md"]


def test_a_diagram_has_every_arrow_of_its_table() -> None:
    drawn = generate.diagram({"A": {"C", "B"}, "B": set()}, "A", {"B"})
    assert [line.strip() for line in drawn.splitlines()[2:-1]] == [
        "[*] --> A",
        "A --> B",
        "A --> C",
        "B --> [*]",
    ]
