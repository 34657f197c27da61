"""How well rehearsals foretell: a seeded cluster in the embedded world, rehearsed as its update begins.

The rehearsal sees what a service knows: what a snapshot keeps of the cluster, when its instances were
launched, the id of the update, and nothing else. How long instances take to boot, and pods to start and to
stop, is drawn anew for each cluster, and by chance again for each machine; how long pods take to stop shows
nowhere before the update.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from nodeyard import catalog
from nodeyard.model.status import UpdateStatus
from nodeyard.planner import launches
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.rehearsal import rehearse
from nodeyard.rehearse.scoring import Score, budgets_in
from nodeyard.rehearse.snapshot import KINDS, Snapshot, keep
from nodeyard.simulation import Simulation, Terms, budget, deployment
from nodeyard.world.aws.fleet import Machine

BOOT_S = (20.0, 60.0)
"""From the launch of an instance to its Node, as seen on EC2 Linux instances."""
GRACES_S = (10, 30, 30, 60)
OLD = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


@dataclass(frozen=True, slots=True)
class Scored:
    """One seeded cluster: what its rehearsal is worth, and what would be known without one."""

    seed: int
    score: Score
    closed: frozenset[str]
    """Budgets that allow no eviction as the update begins: `kubectl get pdb` says as much."""


def score(seed: int, runs: int = 3) -> Scored:
    """Return the score of one seeded cluster."""
    chance = random.Random(f"{seed} cluster")
    with Simulation(seed, terms=Terms(habits=_Boots(chance))) as world:
        world.create_cluster()
        world.create_nodegroup("blue", chance.randint(2, 5), release_version=OLD)
        world.until_active("blue")
        _workloads(world, chance)
        world.run_for(600)
        began = world.clock.elapsed()
        update = world.update_version("blue")
        request = Request("blue", runs=runs, seed=seed, update_id=update.id)
        closed = _closed(world)
        answer = rehearse(_snapshot(world), request, find_ways_out=False)
        ended = world.until_ended(update)
        seconds = world.clock.elapsed() - began
    found = Score(
        f"seed {seed}",
        answer.verdict,
        answer.failing,
        ended.status is UpdateStatus.SUCCESSFUL,
        frozenset(answer.failure.budgets if answer.failure is not None else ()),
        budgets_in(each.error_message for each in ended.errors),
        answer.length.p50,
        answer.length.p90,
        seconds,
    )
    return Scored(seed, found, closed)


class _Boots:
    """Machines that take about as long as each other, in every cluster another time."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._usual_s = chance.uniform(*BOOT_S)

    def boot_s(self, machine: Machine) -> float:
        return self._usual_s * self._chance.uniform(0.85, 1.15)

    def node(self, machine: Machine, usual: dict[str, Any]) -> dict[str, Any]:
        return usual


_BUDGETS = "poddisruptionbudgets.policy"


def _workloads(world: Simulation, chance: random.Random) -> None:
    for number in range(chance.randint(1, 4)):
        name, replicas = f"app-{number}", chance.randint(1, 5)
        grace = chance.choice(GRACES_S)
        times = {
            "nodeyard.dev/ready-seconds": f"{chance.uniform(1, 40):.1f}",
            "nodeyard.dev/stop-seconds": f"{chance.uniform(1, grace):.1f}",
        }
        cpu = f"{chance.randint(1, 6)}00m"
        world.apply(deployment(name, replicas, cpu=cpu, grace_s=grace, annotations=times))
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
    name = world.nodegroup("blue").auto_scaling_group_name
    found = world.do(world.compute.activities(world.scope, name))
    group = world.do(world.compute.group(world.scope, name))
    assert group is not None
    return Snapshot(world.clock.now(), objects, launched=launches.began(found), zones=group.zones)


def _closed(world: Simulation) -> frozenset[str]:
    return frozenset(
        f"{each['metadata']['namespace']}/{each['metadata']['name']}"
        for each in world.handle().store.list(_BUDGETS)
        if each["status"]["expectedPods"] and not each["status"]["disruptionsAllowed"]
    )
