"""One cluster a test, reached in process, over HTTPS, or a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.cluster.places import Place, in_process, over_https
from tests.contract.cluster.real import on_a_real_one
from tests.plane import Plane, running


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    # The nodes of the tests say once that they are well, and never again.
    with running("--node-monitor-grace-period", "1h") as made:
        yield made


@pytest.fixture(params=["in process", "https", "real"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "real":
        async with on_a_real_one(request.getfixturevalue("plane")) as made:
            yield made
        return
    make = in_process if request.param == "in process" else over_https
    async with make(tmp_path) as made:
        yield made
