"""Every test of this folder runs against the embedded API server and against a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.kubernetes_api.doors import Door, embedded, real
from tests.plane import Plane, running


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    with running("--node-monitor-grace-period", "1h") as made:
        yield made


@pytest.fixture(params=["embedded", "real"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    if request.param == "embedded":
        async with embedded(tmp_path) as made:
            yield made
    else:
        async with real(request.getfixturevalue("plane")) as made:
            yield made
