"""Kill at every step: whatever happens to one side effect, the end is that of the run without it.

All side effects are enumerated by a run that nothing disturbs. Then each in turn: the process is killed
right before it and right after it, it is done twice, it fails once in every way in which the world
says "later". The bounds of the stories (budgets, sizes, no pod lost) hold at every instant.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from nodeyard.ports import Conflict, NoCapacity, PortError, Throttled, Unavailable
from nodeyard.simulation import Simulation
from nodeyard.world.kubernetes.store import Change
from tests.chaos.scenarios import SCENARIOS, Scenario, end_state
from tests.chaos.steps import AFTER, BEFORE, FAILED, TWICE, Disturbance, Steps
from tests.stories.bounds import Bounds

LATER: tuple[PortError, ...] = (
    Throttled("too many requests", retry_after_s=1.0),
    Unavailable("no answer"),
    Conflict("somebody else was first"),
    NoCapacity("nothing is left"),
)
"""What time may help against."""

WAYS = [BEFORE, AFTER, TWICE, FAILED]

pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module", autouse=True)
def quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def played(scenario: Scenario, disturbance: Disturbance | None) -> tuple[dict[str, Any], Steps]:
    """Play a scenario and return how it ended. Raises: AssertionError for a bound that was broken."""
    steps = Steps(disturbance)
    with Simulation(1, around=steps.around) as simulation:
        simulation.create_cluster()
        bounds = Bounds(simulation)

        def hold() -> None:
            broken = bounds.broken()
            assert not broken, broken

        simulation.on_pause(hold)
        cordons: Counter[str] = Counter()

        def changed(change: Change) -> None:
            if change.resource == "nodes" and change.previous is not None:
                before, after = (
                    each["spec"].get("unschedulable") for each in (change.previous, change.object)
                )
                cordons[change.object["metadata"]["uid"]] += bool(after) and not before

        simulation.handle().store.listen(changed)
        scenario.prepare(simulation)
        steps.of(simulation)
        scenario.act(simulation)
        found = end_state(simulation)
        assert max(cordons.values(), default=0) <= 1, "a node was drained twice"
        return found, steps


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_every_step_of(scenario: Scenario, how: str, pytestconfig: pytest.Config) -> None:
    expected, undisturbed = played(scenario, None)
    wrong = []
    stride = pytestconfig.getoption("--chaos-stride")
    # Where steps are left out, each way of disturbing takes others.
    first = WAYS.index(how) * stride // len(WAYS)
    for number, name in list(enumerate(undisturbed.names))[first::stride]:
        errors = LATER if how == FAILED and not name.startswith("store.") else LATER[1:2]
        for error in errors if how == FAILED else (None,):
            what = f"step {number} {name} {how}" + (f" by {type(error).__name__}" if error else "")
            try:
                found, steps = played(scenario, Disturbance(number, how, error))
            except Exception as failure:
                wrong.append(f"{what}: {type(failure).__name__}: {failure}")
                continue
            assert steps.happened, what
            different = {key: (found[key], expected[key]) for key in expected if found[key] != expected[key]}
            if different:
                wrong.append(f"{what}: {different}")
    assert wrong == [], "\n".join(wrong)
