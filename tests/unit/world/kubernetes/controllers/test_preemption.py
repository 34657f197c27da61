"""Pods of higher priority push others off: whom they choose, and what is seen of it."""

from __future__ import annotations

from typing import Any

from tests.unit.world.kubernetes.controllers.cluster import Yard
from tests.unit.world.kubernetes.controllers.shapes import Obj, Picture, a_node, a_pod, required, term


def victims(picture: Picture, pod: Obj) -> tuple[str, list[str]]:
    decision = picture.decide(pod)
    return decision.nominated, [each["metadata"]["name"] for each in decision.victims]


def important(name: str = "boss", cpu: str = "2", **spec: Any) -> Obj:
    return a_pod(name, cpu=cpu, priority=1000, **spec)


def test_only_as_many_pods_go_as_must() -> None:
    picture = Picture(a_node("n1"))
    for number in range(4):
        picture.run(a_pod(f"small{number}", cpu="1", priority=number), "n1")
    assert victims(picture, important(cpu="2")) == ("n1", ["small0", "small1"])
    # Deciding leaves the picture as it was.
    assert picture.index.nodes["n1"].used["cpu"] == 4000


def test_the_node_with_the_least_important_victims_is_chosen() -> None:
    picture = Picture(a_node("n1"), a_node("n2"), a_node("n3"))
    for number in range(3):
        picture.run(a_pod(f"p{number}", cpu="3", priority=(50, 10, 70)[number]), f"n{number + 1}")
    assert victims(picture, important()) == ("n2", ["p1"])


def test_pods_that_a_budget_keeps_are_spared_where_others_will_do() -> None:
    status = {"disruptionsAllowed": 0}
    spec = {"selector": {"matchLabels": {"app": "kept"}}}
    budget = {"metadata": {"name": "b", "namespace": "default"}, "spec": spec, "status": status}
    picture = Picture(a_node("n1"), a_node("n2"), budgets=[budget])
    picture.run(a_pod("kept", cpu="3", labels={"app": "kept"}), "n1")
    picture.run(a_pod("free", cpu="3", priority=5), "n2")
    assert victims(picture, important()) == ("n2", ["free"])


def test_a_pod_that_never_preempts_says_so() -> None:
    picture = Picture(a_node("n1"))
    picture.run(a_pod("p", cpu="3"), "n1")
    decision = picture.decide(important(preemptionPolicy="Never"))
    assert decision.victims == ()
    assert decision.message.endswith("preemption: not eligible due to preemptionPolicy=Never.")


def test_anti_affinity_can_be_lifted_by_an_eviction() -> None:
    picture = Picture(a_node("n1"))
    picture.run(a_pod("web", labels={"app": "web"}), "n1")
    assert victims(picture, important(affinity=required("podAntiAffinity", term()))) == ("n1", ["web"])


def test_room_that_was_made_is_kept_for_the_pod_it_was_made_for() -> None:
    picture = Picture(a_node("n1"))
    nominated = important(cpu="3")
    nominated["status"] = {"nominatedNodeName": "n1"}
    picture.add(nominated)
    assert picture.decide(a_pod("late", cpu="2")).node is None
    assert picture.decide(nominated).node == "n1"
    assert picture.decide(a_pod("greater", cpu="2", priority=2000)).node == "n1"


def cluster() -> Yard:
    yard = Yard()
    yard.node("n1", cpu="2")
    for name, value in (("high", 1000), ("low", 10)):
        body = {"metadata": {"name": name}, "value": value}
        yard.api.create("priorityclasses.scheduling.k8s.io", None, body)
    return yard


def create(yard: Yard, name: str, priority: str, cpu: str) -> Obj:
    container = {"name": "c", "image": "i:1", "resources": {"requests": {"cpu": cpu}}}
    spec = {"priorityClassName": priority, "containers": [container]}
    return yard.api.create("pods", "default", {"metadata": {"name": name}, "spec": spec})


def test_a_preempted_pod_is_told_why_and_the_other_takes_its_place() -> None:
    yard = cluster()
    create(yard, "old", "low", "1500m")
    yard.settle(10)
    create(yard, "new", "high", "1")
    yard.controllers.step()
    old = yard.api.get("pods", "default", "old")
    marks = {each["type"]: each.get("reason") for each in old["status"]["conditions"]}
    assert old["metadata"]["deletionTimestamp"] and marks["DisruptionTarget"] == "PreemptionByScheduler"
    assert yard.api.get("pods", "default", "new")["status"]["nominatedNodeName"] == "n1"
    yard.settle(30)
    assert [pod["metadata"]["name"] for pod in yard.pods()] == ["new"]
    assert yard.pods()[0]["status"]["phase"] == "Running"
    assert "Preempted" in {each["reason"] for each in yard.store.list("events")}


def test_the_more_important_of_two_waiting_pods_is_placed_first() -> None:
    yard = Yard()
    for name, value in (("high", 1000), ("low", 10)):
        body = {"metadata": {"name": name}, "value": value}
        yard.api.create("priorityclasses.scheduling.k8s.io", None, body)
    create(yard, "a-low", "low", "1500m")
    create(yard, "b-high", "high", "1500m")
    yard.settle(5)
    yard.node("n1", cpu="2")
    yard.settle(20)
    assert yard.api.get("pods", "default", "b-high")["spec"].get("nodeName") == "n1"
    waiting = yard.api.get("pods", "default", "a-low")
    assert "0/1 nodes are available: 1 Insufficient cpu." in waiting["status"]["conditions"][0]["message"]
