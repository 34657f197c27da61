"""The counts behind placement: after any series of changes they are what a fresh count would be."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nodeyard.world.kubernetes.controllers import tallies
from nodeyard.world.kubernetes.controllers.placement import Placement
from tests.unit.world.kubernetes.controllers.shapes import (
    HOST,
    ZONE,
    Obj,
    Picture,
    a_node,
    a_pod,
    preferred,
    required,
    term,
)

APPS = ("web", "db", "cache")


def asking() -> list[Obj]:
    """Return pods whose rules ask for every kind of count."""
    selector = {"matchLabels": {"app": "web"}}
    hard = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": selector,
    }
    by_host = {**hard, "topologyKey": HOST, "minDomains": 4, "nodeTaintsPolicy": "Honor"}
    return [
        a_pod("q1", labels={"app": "web"}, topologySpreadConstraints=[hard]),
        a_pod("q2", labels={"app": "web"}, topologySpreadConstraints=[hard, by_host]),
        a_pod("q3", labels={"app": "web"}, nodeSelector={"pool": "x"}, topologySpreadConstraints=[hard]),
        a_pod("q4", labels={"app": "db"}, affinity=required("podAffinity", term(ZONE))),
        a_pod("q5", labels={"app": "web"}, affinity=required("podAntiAffinity", term(HOST))),
        a_pod("q6", affinity=preferred("podAffinity", 10, term(ZONE))),
    ]


def answers(picture: Picture) -> list[Any]:
    found: list[Any] = []
    for pod in asking():
        placement = Placement(pod, picture.index, {"matchLabels": {"app": "db"}})
        nodes = [picture.index.nodes[name] for name in sorted(picture.index.nodes)]
        found.append([(placement.misfit(info), placement.neighbours(info)) for info in nodes])
        found.append(placement.crowding(nodes))
    return found


class Drift:
    """A picture that changes at random, with the objects it should show."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.picture = Picture()
        self.nodes: dict[str, Obj] = {}
        self.pods: dict[str, Obj] = {}
        self.count = 0

    def fresh(self) -> Picture:
        """Return a picture made from nothing but the present objects."""
        made = Picture(*self.nodes.values())
        for pod in self.pods.values():
            made.add(pod)
        return made

    def step(self) -> None:
        """Change one thing."""
        choice = self.chance.random()
        if choice < 0.15 or not self.nodes:
            name = f"n{self.chance.randrange(6)}"
            taints = [{"key": "k", "effect": "NoSchedule"}] if self.chance.random() < 0.3 else []
            labels = {"pool": self.chance.choice("xy")}
            self.nodes[name] = a_node(name, self.chance.choice("abc"), labels=labels, taints=taints)
            self.picture.add(self.nodes[name])
        elif choice < 0.2:
            self.picture.remove(self.nodes.pop(self.chance.choice(sorted(self.nodes))))
        elif choice < 0.6 or not self.pods:
            self.count += 1
            apart = required("podAntiAffinity", term(ZONE))
            aloof = preferred("podAntiAffinity", 5, term(HOST))
            rule = self.chance.choice([{}, {"affinity": apart}, {"affinity": aloof}])
            pod = a_pod(f"p{self.count}", cpu="1m", labels={"app": self.chance.choice(APPS)}, **rule)
            node = f"n{self.chance.randrange(6)}"
            self.pods[pod["metadata"]["name"]] = self.picture.run(pod, node)
        else:
            name = self.chance.choice(sorted(self.pods))
            pod = self.pods[name]
            if choice < 0.75:
                metadata = {**pod["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
                pod = self.pods[name] = {**pod, "metadata": metadata}
                self.picture.add(pod)
            elif choice < 0.85:
                metadata = {**pod["metadata"], "labels": {"app": self.chance.choice(APPS)}}
                pod = self.pods[name] = {**pod, "metadata": metadata}
                self.picture.add(pod)
            else:
                self.picture.remove(self.pods.pop(name))


@pytest.mark.parametrize("seed", range(6))
def test_counts_after_any_changes_are_those_of_a_fresh_count(seed: int) -> None:
    drift = Drift(seed)
    for _ in range(120):
        drift.step()
        assert answers(drift.picture) == answers(drift.fresh())


def test_rules_beyond_the_limit_are_forgotten_and_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "_MOST", 3)
    drift = Drift(9)
    for _ in range(60):
        drift.step()
        assert answers(drift.picture) == answers(drift.fresh())
