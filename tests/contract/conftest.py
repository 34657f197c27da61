"""The door for contract tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doorway import Doorway


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Doorway]:
    """A service with one ACTIVE cluster, prod, and nothing in it."""
    made = Doorway(tmp_path)
    made.has_cluster()
    yield made
    made.close()
