"""Options of this project's tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.postgres import Postgres, postgres_of_its_own


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("chaos").addoption(
        "--chaos-stride",
        type=int,
        default=10,
        metavar="N",
        help="disturb every Nth side effect (default 10); 1 is all of them, as `make chaos` does",
    )
    parser.getgroup("kills").addoption(
        "--kill-stride",
        type=int,
        default=0,
        metavar="N",
        help="kill real processes at every Nth side effect; 1 is all, as `make kills` does (default: a few)",
    )
    parser.getgroup("kills").addoption(
        "--kill-first",
        type=int,
        default=0,
        metavar="N",
        help="begin with the side effect of that number, to go on where a run was interrupted",
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
    with postgres_of_its_own() as server:
        yield server


LONGEST_FIRST = ("chaos", "kills", "e2e", "browser", "real", "conformance", "contract", "property", "stories")
"""Directories in the order in which several processes had best begin them; the rest follows."""

ONE_BY_ONE = (
    "tests/chaos/test_every_step.py::",
    "tests/kills/test_every_kill.py::",
    "tests/stories/rollouts/test_rollouts.py::",
)
"""Files whose tests share nothing and take long, so that each may go to another process."""


class ByFile(LoadFileScheduling):
    """The tests of a file, which share a service, go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(ONE_BY_ONE) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def rank(item: pytest.Item) -> int:
        directory = item.path.relative_to(config.rootpath).parts[1]
        return LONGEST_FIRST.index(directory) if directory in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=rank)
