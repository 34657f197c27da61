"""Every test of this folder runs against the embedded API server and against a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from nodeyard.world.kubernetes import store
from tests.contract.kubernetes_api.doors import HISTORY, Door, embedded, real
from tests.plane import Plane, running


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    with running("--node-monitor-grace-period", "1h") as made:
        yield made


@pytest.fixture(autouse=True)
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the embedded server forget soon, so that a test can see what it says then."""
    monkeypatch.setattr(store, "HISTORY", HISTORY)


@pytest.fixture(params=["embedded", "real"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    if request.param == "embedded":
        async with embedded(tmp_path) as made:
            yield made
    else:
        async with real(request.getfixturevalue("plane")) as made:
            yield made


@pytest.fixture(scope="session")
def told() -> dict[tuple[str, bool], Any]:
    """What each server says, to compare it once both were asked."""
    return {}
