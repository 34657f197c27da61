"""Stories: what a scenario did, line by line, compared with the story that is kept of it.

A test takes `tell`, gives it a title, gets a simulation with a cluster, and lets things happen:

    def test_two_nodes_become_a_group(tell: Tell) -> None:
        simulation = tell("Two nodes become a node group")
        simulation.create_nodegroup("blue", 2)
        simulation.until_active("blue")

The test runs once in order; its story must equal `golden/<test>.txt`, which `--update-stories`
writes. Then it runs shuffled, by fixed seeds: tasks take turns by chance and the service leaves out
or repeats passes. Nothing is compared then, but what the test asserts and the bounds of `bounds`,
which hold at every instant of every run. A story that breaks a bound shows its last lines.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from nodeyard.simulation import Chronicle, Simulation
from tests.stories.bounds import Bounds

GOLDEN = Path(__file__).parent / "golden"
LINES_SHOWN = 25

Tell = Callable[..., Simulation]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "tell" in metafunc.fixturenames:
        orders: list[int | None] = [None, *range(1, metafunc.config.getoption("--story-seeds") + 1)]
        names = ["told" if order is None else f"shuffled {order}" for order in orders]
        metafunc.parametrize("tell", orders, ids=names, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def quiet_log() -> Iterator[None]:
    """The story says what the log would say, and writing it would take longer than the run."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[Tell]:
    order: int | None = request.param
    begun: list[tuple[Simulation, Chronicle, str]] = []

    def begin(title: str, *, version: str = "1.34", forced: bool = False, seed: int = 1) -> Simulation:
        """Return a simulation with an ACTIVE cluster. `forced`: budgets may break, as force does."""
        simulation = Simulation(seed, shuffle=order, stumble=order is not None)
        simulation.create_cluster(version=version)
        chronicle = Chronicle(simulation)
        begun.append((simulation, chronicle, title))
        bounds = Bounds(simulation, forced=forced)
        simulation.on_pause(lambda: _hold(bounds, chronicle))
        return simulation

    yield begin
    for simulation, _, _ in begun:
        simulation.close()
    if order is None and not request.node.stash.get(FAILED, False):
        _compare(request, [(chronicle, title) for _, chronicle, title in begun])


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = not report.passed
    return report


def _hold(bounds: Bounds, chronicle: Chronicle) -> None:
    broken = bounds.broken()
    if broken:
        story = "".join(chronicle.text().splitlines(keepends=True)[-LINES_SHOWN:])
        raise AssertionError(f"{broken}\n\nThe story so far ends:\n{story}")


def _compare(request: pytest.FixtureRequest, told: list[tuple[Chronicle, str]]) -> None:
    text = "\n".join(f"{title}\n{'=' * len(title)}\n\n{chronicle.text()}" for chronicle, title in told)
    path = GOLDEN / f"{request.node.originalname.removeprefix('test_')}.txt"
    if request.config.getoption("--update-stories"):
        path.write_text(text)
        return
    assert path.exists(), f"there is no story {path.name} yet: run with --update-stories and read it"
    assert text == path.read_text(), (
        f"{path.name} tells it otherwise: where the new story is right, run with --update-stories"
    )
