"""What a store of objects was given never changes in place: looked at after every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.untouched import Untouched


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    watched = Untouched(monkeypatch)
    yield
    watched.check()
