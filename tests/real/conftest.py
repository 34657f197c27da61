"""One real control plane for each test file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.plane import Plane, running


@pytest.fixture(scope="module")
def plane() -> Iterator[Plane]:
    with running(audit=True) as made:
        yield made
