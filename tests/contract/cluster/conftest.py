"""One cluster a test, reached in process or over HTTPS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.cluster.places import Place, in_process, over_https


@pytest.fixture(params=["in process", "https"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    make = in_process if request.param == "in process" else over_https
    async with make(tmp_path) as made:
        yield made
