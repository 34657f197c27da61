"""What keeps pods waiting, in the words and the order of the Kubernetes scheduler; and who holds room."""

from __future__ import annotations

import pytest

from nodeyard.world.kubernetes.controllers.claims import Needs
from nodeyard.world.kubernetes.controllers.preemption import NO_VICTIMS
from tests.unit.world.kubernetes.controllers.shapes import ZONE, Obj, Picture, a_node, a_pod, required, term

WEB = {"app": "web"}
REGION = "topology.kubernetes.io/region"


def with_port(pod: Obj, where: str = "containers", **more: str) -> Obj:
    pod["spec"][where][0] |= {"ports": [{"containerPort": 80, "hostPort": 80}], **more}
    return pod


def nominated(pod: Obj, node: str) -> Obj:
    return {**pod, "status": {"nominatedNodeName": node}}


@pytest.mark.parametrize(("restart", "fits"), [("Always", False), (None, True)])
def test_a_sidecar_holds_its_host_port_and_an_init_container_does_not(
    restart: str | None, fits: bool
) -> None:
    picture = Picture(a_node("n1"))
    init = [{"name": "i", "image": "i", **({"restartPolicy": restart} if restart else {})}]
    picture.run(with_port(a_pod("p", initContainers=init), "initContainers"), "n1")
    assert (picture.decide(with_port(a_pod("q"))).node is not None) is fits


def test_numbers_of_labels_are_read_as_kubernetes_reads_them() -> None:
    item = {"key": "gen", "operator": "Gt", "values": ["4"]}
    rule = {"nodeSelectorTerms": [{"matchExpressions": [item]}]}
    pod = a_pod("p", affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": rule}})
    nodes = [a_node(f"n{place}", labels={"gen": text}) for place, text in enumerate(("5", "05", "1_0", "x"))]
    assert picture_takes(nodes, pod) == {"n0", "n1"}


def picture_takes(nodes: list[Obj], pod: Obj) -> set[str]:
    return {info.name for info in Picture(*nodes).decider.look(pod).fitting}


def test_a_pod_that_waits_for_its_room_holds_ports_and_keeps_off_those_it_will_not_have() -> None:
    picture = Picture(a_node("n1"), a_node("n2"))
    apart = required("podAntiAffinity", term())
    picture.add(nominated(with_port(a_pod("waits", labels=WEB, priority=10)), "n1"))
    assert picture.decide(with_port(a_pod("p"))).node == "n2"
    assert picture.takers(a_pod("q", affinity=apart)) == {"n2"}
    assert picture.takers(a_pod("first", affinity=apart, priority=20)) == {"n1", "n2"}
    # What was tried is undone: nothing runs there.
    assert not picture.index.nodes["n1"].used.get("cpu") and not picture.index.nodes["n1"].ports


def test_what_a_pod_broke_first_says_whether_evictions_may_help() -> None:
    picture = Picture(a_node("n1", cpu="1"))
    picture.run(a_pod("low", cpu="900m", priority=-1), "n1")
    far = required("podAffinity", term(ZONE))
    assert picture.decide(a_pod("p", cpu="500m", affinity=far)).message == (
        "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: "
        "1 node(s) didn't match pod affinity rules."
    )
    assert picture.decide(a_pod("p", cpu="500m", priority=-1)).message.endswith(f"1 {NO_VICTIMS}.")
    assert "1 Preemption is not helpful" in picture.decide(a_pod("p", cpu="2")).message


def test_one_of_low_priority_that_keeps_others_off_its_node_makes_room() -> None:
    picture = Picture(a_node("n1"))
    picture.run(a_pod("low", priority=-5, affinity=required("podAntiAffinity", term())), "n1")
    decision = picture.decide(a_pod("p", labels=WEB))
    assert decision.nominated == "n1"
    assert [each["metadata"]["name"] for each in decision.victims] == ["low"]


@pytest.mark.parametrize(
    ("labels", "takers"),
    [
        ({ZONE: "a"}, {"n1", "n3"}),
        ({ZONE: "a__b"}, {"n1", "n2", "n3"}),
        ({ZONE: "a", REGION: "other"}, {"n3"}),
        ({"failure-domain.beta.kubernetes.io/zone": "b"}, {"n2", "n3"}),
    ],
)
def test_labels_of_a_volume_bind_nodes_that_say_where_they_are(labels: Obj, takers: set[str]) -> None:
    nowhere = a_node("n3")
    del nowhere["metadata"]["labels"][ZONE]
    picture = Picture(a_node("n1", "a"), a_node("n2", "b"), nowhere)
    needs = Needs(bound=({"metadata": {"name": "v", "labels": labels}, "spec": {}},))
    assert {info.name for info in picture.decider.look(a_pod("p"), needs).fitting} == takers


def test_two_claims_that_wait_do_not_share_a_volume() -> None:
    local = {"provisioner": "kubernetes.io/no-provisioner"}
    volumes = [{"metadata": {"name": name}, "spec": {}} for name in ("v1", "v2")]
    picture = Picture(a_node("n1"))

    def fits(*there: Obj) -> bool:
        needs = Needs(waiting=(({}, local, there), ({}, local, there)))
        return bool(picture.decider.look(a_pod("p"), needs).fitting)

    assert fits(*volumes)
    assert not fits(volumes[0])
