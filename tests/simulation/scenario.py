"""What a seed makes of a world: node groups, workloads, and what happens to them while they are updated.

Data and chance only: the same seed gives the same scenario, everywhere. `run` plays it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from nodeyard import catalog
from nodeyard.model.commands import WarmPoolChange
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.simulation import budget, deployment

Obj = dict[str, Any]

RELEASES = tuple(
    each.release_version for each in catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")
)
ZONES = tuple(f"eu-west-1{letter}" for letter in "abcde")
SIZES = (1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 8)
LARGE = (11, 15)
LARGE_SHARE = 0.05
"""Small groups show as much in an update as large ones and cost less; a large one comes now and then."""
POOL_SHARE = 0.2
"""Groups with a warm pool, of those that may have one."""
SPREADS = (1, 1, 2, 2, 3, 3, 3, 5)
"""Zones of a group: most have up to three. Each zone is two nodes of surge."""
ROUNDS = 8
"""Updates of every group of a world: several share the cost of making it and of taking it down."""


@dataclass(frozen=True)
class Group:
    """One node group. `pace` is how many nodes may be out at once."""

    name: str
    nodes: int
    minimum: int
    maximum: int
    zones: tuple[str, ...]
    update_config: UpdateConfig
    spot: bool
    pool: WarmPoolChange | None = None


@dataclass(frozen=True)
class Happening:
    """Something that happens `at` seconds after a round began. What `kind` means is in `happenings`."""

    at: float
    kind: str
    group: str
    zone: str | None = None
    seconds: float = 0.0
    amount: int = 1


@dataclass(frozen=True)
class Round:
    """One update of every group, each begun after a pause of its own."""

    releases: dict[str, str]
    begin: dict[str, float]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True)
class Scenario:
    """Everything that a seed decides. `force`: updates go over budgets. `unsteady`: share of bad calls."""

    seed: int
    groups: tuple[Group, ...]
    workloads: tuple[Obj, ...]
    budgets: tuple[str, ...]
    rounds: tuple[Round, ...]
    force: bool
    unsteady: float
    deletion: tuple[Happening, ...]

    @property
    def updates(self) -> int:
        return len(self.groups) * len(self.rounds)


HARMS = (
    "instance-loss",
    "kubelet-mute",
    "autoscaler-down",
    "spot-storm",
    "never-ready",
)
"""Happenings after which fewer nodes or pods are fine than before, whoever is to blame."""
TROUBLES = (
    "capacity-shortage",
    "zone-starve",
    "never-join",
    "stuck-termination",
    "finalizer-stick",
    "throttle-burst-autoscaling",
    "throttle-burst-ec2",
    "aws-outage",
    "cluster-unreachable",
    "unknown-answer",
    "autoscaler-up",
    "budget-edit",
    "crash",
    "cancel",
    "uncordon",
)


def scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    chance = random.Random(f"scenario {seed}")
    groups = tuple(
        replace(each, pool=_pool(random.Random(f"pool {seed} {each.name}"), each))
        for each in [_group(chance, f"g{number}") for number in range(chance.choice((1, 2, 2, 3)))]
    )
    workloads, budgets = _workloads(chance, sum(each.nodes for each in groups))
    calm = chance.random() < 0.35
    # A third of the worlds has no harm done to it: there every bound must hold at every instant.
    kinds = TROUBLES if calm else (*TROUBLES, *HARMS)
    rounds, now = [], dict.fromkeys((each.name for each in groups), RELEASES[0])
    for _ in range(ROUNDS):
        now = {name: chance.choice([each for each in RELEASES if each != had]) for name, had in now.items()}
        begin = {each.name: chance.uniform(0, 120) for each in groups}
        rounds.append(Round(dict(now), begin, _happenings(chance, groups, kinds, 900)))
    deletion = tuple(
        each for each in _happenings(chance, groups, TROUBLES, 60) if each.kind not in ("cancel", "uncordon")
    )
    return Scenario(
        seed=seed,
        groups=groups,
        workloads=workloads,
        budgets=budgets,
        rounds=tuple(rounds),
        force=chance.random() < 0.25,
        unsteady=chance.choice((0.0, 0.0, 0.0, 0.02, 0.08)),
        deletion=deletion,
    )


def _group(chance: random.Random, name: str) -> Group:
    nodes = chance.choice(LARGE if chance.random() < LARGE_SHARE else SIZES)
    zones = tuple(sorted(chance.sample(ZONES, chance.choice(SPREADS))))
    strategy = chance.choice(("DEFAULT", "DEFAULT", "MINIMAL", None))
    if chance.random() < 0.5:
        config = UpdateConfig(chance.randint(1, max(1, nodes // 2)), None, strategy)
    else:
        config = UpdateConfig(None, chance.choice((1, 10, 25, 33, 50, 100)), strategy)
    minimum = chance.choice((0, 1, nodes))
    return Group(name, nodes, minimum, nodes + chance.choice((0, 1, 3)), zones, config, chance.random() < 0.3)


def _pool(chance: random.Random, group: Group) -> WarmPoolChange | None:
    """Return a warm pool for some groups, from a chance of its own: the rest of old seeds stays theirs."""
    if group.spot or chance.random() >= POOL_SHARE:
        return None
    return WarmPoolChange(
        enabled=True,
        min_size=chance.choice((0, 0, 1)),
        max_group_prepared_capacity=group.nodes + chance.choice((1, 2)),
        pool_state=chance.choice(("STOPPED", "RUNNING", "HIBERNATED")),
        reuse_on_scale_in=chance.random() < 0.5,
    )


def _workloads(chance: random.Random, nodes: int) -> tuple[tuple[Obj, ...], tuple[str, ...]]:
    objects: list[Obj] = []
    budgets: list[str] = []
    for number in range(chance.choice((0, 1, 1, 2, 3))):
        name = f"app{number}"
        replicas = chance.randint(1, max(2, min(8, nodes)))
        more: Obj = {}
        if chance.random() < 0.04:
            more["tolerations"] = [{"operator": "Exists"}]
        if chance.random() < 0.1:
            more["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        notes = {"nodeyard.dev/ready-seconds": str(chance.choice((0, 5, 30, 90)))}
        if chance.random() < 0.2:
            notes["nodeyard.dev/stop-seconds"] = chance.choice(("never", "10", "45"))
        cpu, grace_s = chance.choice(("50m", "200m", "600m")), chance.choice((0, 10, 30, 120))
        objects.append(deployment(name, replicas, cpu=cpu, grace_s=grace_s, annotations=notes, **more))
        demand = _demand(chance, replicas)
        if demand:
            objects.append(budget(name, **demand))
            budgets.append(name)
    if chance.random() < 0.15:
        objects.append(_unmanaged("alone"))
    return tuple(objects), tuple(budgets)


def _demand(chance: random.Random, replicas: int) -> Obj:
    """Return what a budget demands; now and then more than can ever be given."""
    draw = chance.random()
    if draw < 0.3:
        return {}
    if draw < 0.36:
        return chance.choice(({"max_unavailable": 0}, {"min_available": replicas}, {"min_available": "100%"}))
    return chance.choice(
        (
            {"max_unavailable": 1},
            {"max_unavailable": "30%"},
            {"min_available": max(0, replicas - 1)},
            {"min_available": "50%"},
        )
    )


def _unmanaged(name: str) -> Obj:
    container = {"name": name, "image": f"{name}:1"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }


def _happenings(
    chance: random.Random, groups: tuple[Group, ...], kinds: tuple[str, ...], span_s: float
) -> tuple[Happening, ...]:
    found = []
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
        group = chance.choice(groups)
        found.append(
            Happening(
                at=chance.uniform(0, span_s),
                kind=chance.choice(kinds),
                group=group.name,
                zone=chance.choice((None, chance.choice(group.zones))),
                seconds=chance.choice((20.0, 120.0, 600.0, 1200.0)),
                amount=chance.randint(1, 3),
            )
        )
    return tuple(sorted(found, key=lambda each: each.at))
