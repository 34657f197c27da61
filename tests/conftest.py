"""Options of this project's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("chaos").addoption(
        "--chaos-stride",
        type=int,
        default=10,
        metavar="N",
        help="disturb every Nth side effect (default 10); 1 is all of them, as `make chaos` does",
    )
    group = parser.getgroup("stories")
    group.addoption("--update-stories", action="store_true", help="write tests/stories/golden again")
    group.addoption(
        "--update-screenshots", action="store_true", help="take the pictures of docs/console again"
    )
    group.addoption(
        "--story-seeds",
        type=int,
        default=2,
        metavar="N",
        help="play each story in N shuffled orders beside the told one (default 2)",
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL; tests that want one are skipped where it is not installed."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()
