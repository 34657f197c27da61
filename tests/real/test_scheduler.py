"""Where pods may go, by the embedded scheduler and by the plugins of a real one, which is right."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from nodeyard.drivers.system import ScaledClock, SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.claims import needs_of
from nodeyard.world.kubernetes.controllers.controller import place_of
from nodeyard.world.kubernetes.controllers.pods import condition
from nodeyard.world.kubernetes.controllers.scheduler import Scheduler
from nodeyard.world.kubernetes.store import Store
from tests.plane import program
from tests.real.questions import Obj, question

COUNT = 1_000
Pair = tuple[Obj, Obj]
KINDS = {
    "namespaces": "namespaces",
    "classes": "storageclasses.storage.k8s.io",
    "volumes": "persistentvolumes",
    "claims": "persistentvolumeclaims",
    "nodes": "nodes",
    "pods": "pods",
    "nominated": "pods",
}
RULES = {
    "Insufficient cpu",
    "Insufficient ephemeral-storage",
    "Insufficient example.com/gpu",
    "Insufficient hugepages-2Mi",
    "Insufficient memory",
    "Too many pods",
    "node(s) didn't find available persistent volumes to bind",
    "node(s) didn't have free ports for the requested pod ports",
    "node(s) didn't match PersistentVolume's node affinity",
    "node(s) didn't match Pod's node affinity/selector",
    "node(s) didn't match pod affinity rules",
    "node(s) didn't match pod anti-affinity rules",
    "node(s) didn't match pod topology spread constraints",
    "node(s) didn't match pod topology spread constraints (missing required label)",
    "node(s) didn't satisfy existing pods anti-affinity rules",
    "node(s) had no available volume zone",
    "node(s) had untolerated taint(s)",
    "node(s) were unschedulable",
}


def real_answers(asked: list[Obj]) -> list[Obj]:
    """Return what the plugins of the real scheduler say of questions."""
    lines = "\n".join(json.dumps(each) for each in asked)
    done = subprocess.run(
        [str(program()), "filter"], input=lines, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def our_answer(asked: Obj) -> Obj:
    """Return what the embedded scheduler says of a question, and does about it."""
    clock, ids = ScaledClock(1), SeededIds(1)
    store = Store(clock, ids)
    api = Api(store, clock, ids)
    scheduler = Scheduler(api, store, clock, ids)
    store.listen(lambda change: scheduler.changed(change) if change.resource in scheduler.watches else None)
    for kind, resource in KINDS.items():
        for obj in asked[kind]:
            put(api, resource, obj)
    pod = put(api, "pods", asked["pod"])
    look = scheduler.decider.look(pod, needs_of(pod, store))
    while (key := scheduler.queue.pop()) is not None:
        scheduler.reconcile(key)
    after = api.get("pods", *place_of(pod))
    told = condition(after, "PodScheduled") or {}
    return {
        "gated": told.get("reason") == "SchedulingGated",
        "feasible": sorted(info.name for info in look.fitting),
        "message": told.get("message", ""),
        "node": after["spec"].get("nodeName"),
        "preempts": bool(after["status"].get("nominatedNodeName")),
    }


def put(api: Api, resource: str, obj: Obj) -> Obj:
    """Create an object with the status, the uid and the end that the question gives it."""
    metadata = obj["metadata"]
    made = api.create(resource, metadata.get("namespace"), obj)
    given = {key: metadata[key] for key in ("uid", "deletionTimestamp") if key in metadata}
    status = {**(made.get("status") or {}), **(obj.get("status") or {})}
    return api.store.put(resource, {**made, "metadata": {**made["metadata"], **given}, "status": status})


@pytest.fixture(scope="module")
def answers() -> list[Pair]:
    """The real scheduler's answer and ours to each question."""
    asked = [question(number) for number in range(COUNT)]
    said = real_answers(asked)
    invalid = {number: each["invalid"] for number, each in enumerate(said) if "invalid" in each}
    assert not invalid, "an API server would refuse these pods"
    return [(each, our_answer(one)) for each, one in zip(said, asked, strict=True)]


def differing(answers: list[Pair], member: str, kind: type) -> dict[int, Any]:
    """Return what differs, by the number of the question."""
    pairs = ((kind(real.get(member) or ()), kind(ours[member] or ())) for real, ours in answers)
    return {number: pair for number, pair in enumerate(pairs) if pair[0] != pair[1]}


def tried(answers: list[Pair]) -> list[Pair]:
    """Return the answers for pods that do not wait at a gate."""
    return [each for each in answers if "gated" not in each[0]]


def test_the_questions_reach_every_rule(answers: list[Pair]) -> None:
    reasons = {reason for real, _ in answers for why in real["refused"].values() for reason in why}
    assert reasons >= RULES
    feasible = sum(bool(real["feasible"]) for real, _ in answers)
    assert COUNT / 4 < feasible < COUNT * 3 / 4
    assert sum(real.get("preempts", False) for real, _ in answers) > 20
    assert sum("gated" in real for real, _ in answers) > 10


def test_pods_may_go_to_the_same_nodes(answers: list[Pair]) -> None:
    assert differing(tried(answers), "feasible", list) == {}


def test_pods_go_to_a_node_that_a_real_scheduler_would_consider(answers: list[Pair]) -> None:
    for real, ours in answers:
        assert ours["node"] in real["feasible"] if real["feasible"] else ours["node"] is None


def test_the_same_pods_wait_at_a_gate_or_have_others_make_room(answers: list[Pair]) -> None:
    assert differing(answers, "gated", bool) == {}
    assert differing(answers, "preempts", bool) == {}


def test_the_reasons_are_told_in_the_same_words(answers: list[Pair]) -> None:
    assert differing(tried(answers), "message", str) == {}
