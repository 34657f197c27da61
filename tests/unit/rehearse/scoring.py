"""How well rehearsals foretell: a seeded cluster in the embedded world, rehearsed, then really updated.

The rehearsal sees what a snapshot keeps of the cluster and nothing else; how long pods really take to
start and stop is in annotations, which no snapshot has.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from nodeyard import catalog
from nodeyard.model.status import UpdateStatus
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.rehearsal import rehearse
from nodeyard.rehearse.snapshot import KINDS, Snapshot, keep
from nodeyard.simulation import Simulation, budget, deployment

OLD = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


@dataclass(frozen=True, slots=True)
class Score:
    """What was foretold beside what came. `budgets` are those on which the update fails."""

    seed: int
    foretold: bool
    came: bool
    budgets_foretold: frozenset[str]
    budgets_came: frozenset[str]
    p50: float
    p90: float
    seconds: float


def score(seed: int, runs: int = 3) -> Score:
    """Return the score of one seeded cluster."""
    chance = random.Random(f"{seed} cluster")
    with Simulation(seed) as world:
        world.create_cluster()
        world.create_nodegroup("blue", chance.randint(2, 5), release_version=OLD)
        world.until_active("blue")
        _workloads(world, chance)
        world.run_for(600)
        answer = rehearse(_snapshot(world), Request("blue", runs=runs, seed=seed), find_ways_out=False)
        began = world.clock.elapsed()
        ended = world.until_ended(world.update_version("blue"))
        seconds = world.clock.elapsed() - began
        # What held the pods at the end is in the message of the error, by the name of the budget.
        said = ended.errors[0].error_message if ended.errors else ""
        names = {
            f"{each['metadata']['namespace']}/{each['metadata']['name']}"
            for each in world.handle().store.list(_BUDGETS)
        }
    return Score(
        seed,
        answer.verdict == "PASSES",
        ended.status is UpdateStatus.SUCCESSFUL,
        frozenset(each.budget for each in answer.blockers if each.fatal),
        frozenset(each for each in names if f"PodDisruptionBudget {each} " in said),
        answer.length.p50,
        answer.length.p90,
        seconds,
    )


_BUDGETS = "poddisruptionbudgets.policy"


def _workloads(world: Simulation, chance: random.Random) -> None:
    for number in range(chance.randint(1, 4)):
        name, replicas = f"app-{number}", chance.randint(1, 5)
        times = {
            "nodeyard.dev/ready-seconds": f"{chance.uniform(1, 40):.1f}",
            "nodeyard.dev/stop-seconds": f"{chance.uniform(1, 20):.1f}",
        }
        world.apply(deployment(name, replicas, cpu=f"{chance.randint(1, 6)}00m", annotations=times))
        kind = chance.random()
        if kind < 0.15:
            world.apply(budget(name, min_available=replicas))
        elif kind < 0.25:
            world.apply(budget(name, max_unavailable=0))
        elif kind < 0.8:
            world.apply(budget(name, max_unavailable=1))


def _snapshot(world: Simulation) -> Snapshot:
    store = world.handle().store
    objects = {
        name: [kept for each in store.list(name) if (kept := keep(name, each)) is not None] for name in KINDS
    }
    return Snapshot(world.clock.now(), objects)
