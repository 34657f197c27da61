"""The console's client is that of the service models, and its lock names no registry."""

from __future__ import annotations

import json
from pathlib import Path

from tools import console_client

LOCK = Path(__file__).resolve().parents[2] / "web" / "package-lock.json"


def test_the_client_of_the_console_is_fresh() -> None:
    found = console_client.TARGET.read_text(encoding="utf-8")
    assert found == console_client.written(), "run `python -m tools.console_client` and commit what it wrote"


def test_every_locked_package_has_a_checksum_and_none_names_a_registry() -> None:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    named = {name: each for name, each in packages.items() if name}
    assert len(named) > 20
    assert [name for name, each in named.items() if "resolved" in each] == []
    assert [name for name, each in named.items() if "integrity" not in each] == []
