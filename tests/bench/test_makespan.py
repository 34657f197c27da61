"""How long a version update takes, beside the shortest that its own rules allow.

The lower bound knows boot, grace and the pause for load balancers, that at most `parallel` nodes are
out at once, and that a DEFAULT update never has fewer nodes in service than the group's size with at
most its surge limit above it. No planner that keeps these rules can be faster.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import pytest

from nodeyard.model.nodegroup import UpdateConfig
from tests.bench.figures import Figure, Figures, percentile
from tests.stories.rollouts.play import Scenario, play
from tests.stories.rollouts.world import Workload, World

pytestmark = pytest.mark.bench

BOOT_S = 90.0
GRACE_S = 30
PAUSE_S = 60
SIZES = (1, 2, 3, 5, 10, 20, 50, 100)
ZONES = (1, 2, 3, 5)
PERCENT = (1, 5, 10, 20, 33)
BAR_MEDIAN = 1.05


@dataclass(frozen=True)
class Case:
    nodes: int
    zones: int
    percent: int

    @property
    def parallel(self) -> int:
        return max(1, -(-self.nodes * self.percent // 100))

    def lower_bound_s(self) -> float:
        out_s = GRACE_S + PAUSE_S
        surge = min(max(2 * self.zones, self.parallel), self.nodes)
        rounds = -(-self.nodes // self.parallel)
        replaced = self.nodes - surge
        slots = (replaced * (out_s + BOOT_S) + surge * out_s) / surge
        return BOOT_S + max(rounds * out_s, slots)

    def length_s(self) -> float:
        config = UpdateConfig(max_unavailable=None, max_unavailable_percentage=self.percent)
        return play(Scenario(str(self), self._world, config, longest_s=48 * 3600)).took_s

    def _world(self) -> World:
        sizes = (0, self.nodes, self.nodes)
        world = World(zones=self.zones, sizes=sizes, boot_s=BOOT_S)
        world.runs(Workload("web", self.nodes, grace_s=GRACE_S))
        return world


def test_makespan_of_version_updates(figures: Figures) -> None:
    cases = [Case(nodes, zones, percent) for nodes in SIZES for zones in ZONES for percent in PERCENT]
    ratios = {case: case.length_s() / case.lower_bound_s() for case in cases}
    conditions = f"{len(cases)} groups: 1-100 nodes, 1-5 zones, maxUnavailable 1-33 %, boot {BOOT_S:g} s"
    for what, value, bar in (
        ("Makespan over its lower bound, median", statistics.median(ratios.values()), BAR_MEDIAN),
        ("Makespan over its lower bound, p90", percentile(sorted(ratios.values()), 0.9), None),
        ("Makespan over its lower bound, worst", max(ratios.values()), None),
    ):
        figures.add(Figure(what, value, "times", conditions, bar))
