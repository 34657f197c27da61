"""The table of figures, shown once all benchmarks of a run are done."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.bench.figures import FILE, Figures


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    gathered = Figures()
    yield gathered
    gathered.show()
    gathered.write()
    sys.stdout.write(f"Written to {FILE.relative_to(FILE.parents[1])}\n")
