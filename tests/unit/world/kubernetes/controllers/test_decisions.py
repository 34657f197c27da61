"""Where pods go: each rule of the scheduler over a picture of a cluster, without store and API."""

from __future__ import annotations

from typing import Any

import pytest

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

WEB = {"app": "web"}


def node_affinity(key: str, operator: str, *values: str) -> Obj:
    item = {"key": key, "operator": operator, "values": list(values)}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [item]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def spread(key: str = ZONE, **more: Any) -> list[Obj]:
    base = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule"}
    return [{**base, "labelSelector": {"matchLabels": WEB}, **more}]


# --- resources ---


def test_every_missing_resource_of_a_node_is_named() -> None:
    picture = Picture(a_node("n1"))
    pod = a_pod("p", cpu="8")
    pod["spec"]["containers"][0]["resources"]["requests"]["memory"] = "32Gi"
    message = picture.decide(pod).message
    assert message.startswith(
        "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. preemption:"
    )


def test_a_node_takes_no_more_pods_than_it_says() -> None:
    picture = Picture(a_node("n1"))
    for number in range(10):
        assert picture.place(a_pod(f"p{number}", cpu="10m")) == "n1"
    assert "1 Too many pods" in picture.decide(a_pod("late")).message


def test_extended_resources_are_counted_like_others() -> None:
    picture = Picture(a_node("n1"))
    pod = a_pod("p")
    pod["spec"]["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] = "1"
    assert picture.place(pod) == "n1"
    again = {**pod, "metadata": {**pod["metadata"], "name": "q", "uid": "q"}}
    assert "1 Insufficient nvidia.com/gpu" in picture.decide(again).message


@pytest.mark.parametrize(
    ("init", "restart", "fits"),
    [("3500m", None, True), ("4500m", None, False), ("3500m", "Always", False), ("2900m", "Always", True)],
)
def test_init_containers_count_before_and_sidecars_beside_the_containers(
    init: str, restart: str | None, fits: bool
) -> None:
    container: Obj = {"name": "i", "image": "i", "resources": {"requests": {"cpu": init}}}
    container |= {"restartPolicy": restart} if restart else {}
    pod = a_pod("p", cpu="1", initContainers=[container])
    assert (Picture(a_node("n1")).decide(pod).node is not None) is fits


def test_overhead_is_added_to_the_containers() -> None:
    pod = a_pod("p", cpu="3900m", overhead={"cpu": "200m"})
    assert "Insufficient cpu" in Picture(a_node("n1")).decide(pod).message


def test_host_ports_are_taken_once_a_node() -> None:
    picture = Picture(a_node("n1"))
    pods = [a_pod("p1"), a_pod("p2")]
    for pod in pods:
        pod["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80}]
    assert picture.place(pods[0]) == "n1"
    assert "1 node(s) didn't have free ports for the requested pod ports" in picture.decide(pods[1]).message


# --- nodes ---


@pytest.mark.parametrize(
    ("operator", "values", "takers"),
    [
        ("In", ["1", "3"], {"n1"}),
        ("NotIn", ["1"], {"n2", "n3"}),
        ("Exists", [], {"n1", "n2"}),
        ("DoesNotExist", [], {"n3"}),
        ("Gt", ["1"], {"n2"}),
        ("Lt", ["2"], {"n1"}),
    ],
)
def test_node_affinity_knows_every_operator(operator: str, values: list[str], takers: set[str]) -> None:
    nodes = [a_node("n1", labels={"gen": "1"}), a_node("n2", labels={"gen": "2"}), a_node("n3")]
    pod = a_pod("p", affinity=node_affinity("gen", operator, *values))
    assert Picture(*nodes).takers(pod) == takers


def test_match_fields_name_nodes_and_the_others_are_said_to_fail_the_plugin() -> None:
    item = {"key": "metadata.name", "operator": "In", "values": ["n2"]}
    terms = {"nodeSelectorTerms": [{"matchFields": [item]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    picture = Picture(a_node("n1"), a_node("n2"), a_node("n3"))
    assert picture.decide(a_pod("p", affinity=affinity)).node == "n2"
    message = picture.decide(a_pod("p", cpu="9", affinity=affinity)).message
    assert "1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]." in message


def test_the_message_counts_the_nodes_of_each_reason_as_the_real_scheduler_does() -> None:
    taint = {"key": "team", "value": "ops", "effect": "NoSchedule"}
    tainted = [a_node(f"t{number}", taints=[taint]) for number in range(3)]
    picture = Picture(a_node("n1"), a_node("n2"), *tainted)
    assert picture.decide(a_pod("p", cpu="9")).message == (
        "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint(s). "
        "preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."
    )


def test_a_shortage_that_evictions_could_lift_finds_no_victims_of_equal_priority() -> None:
    picture = Picture(a_node("n1"), a_node("n2", unschedulable=True))
    picture.run(a_pod("old", cpu="3"), "n1")
    assert picture.decide(a_pod("p", cpu="2")).message == (
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes "
        "are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for "
        "scheduling."
    )


def test_without_nodes_the_message_says_so() -> None:
    assert Picture().decide(a_pod("p")).message == "no nodes available to schedule pods"


@pytest.mark.parametrize("effect", ["NoSchedule", "NoExecute"])
def test_hard_taints_keep_pods_off_that_do_not_tolerate_them(effect: str) -> None:
    picture = Picture(a_node("n1", taints=[{"key": "k", "value": "v", "effect": effect}]))
    assert "1 node(s) had untolerated taint(s)" in picture.decide(a_pod("p")).message
    for toleration in (
        {"operator": "Exists"},
        {"key": "k", "value": "v"},
        {"key": "k", "operator": "Exists"},
    ):
        assert picture.decide(a_pod("p", tolerations=[toleration])).node == "n1"
    assert picture.decide(a_pod("p", tolerations=[{"key": "k", "value": "w"}])).node is None


def test_soft_taints_are_avoided_while_other_nodes_are_free() -> None:
    picture = Picture(a_node("n1", taints=[{"key": "k", "effect": "PreferNoSchedule"}]), a_node("n2"))
    assert picture.decide(a_pod("p")).node == "n2"
    picture.run(a_pod("full", cpu="4"), "n2")
    assert picture.decide(a_pod("p")).node == "n1"


def test_a_node_that_changes_opens_and_closes() -> None:
    picture = Picture(a_node("n1", unschedulable=True))
    assert picture.decide(a_pod("p")).node is None
    picture.add(a_node("n1"))
    assert picture.decide(a_pod("p")).node == "n1"
    picture.remove(a_node("n1"))
    assert picture.decide(a_pod("p")).message == "no nodes available to schedule pods"


def test_preferred_node_affinity_outweighs_a_little_more_room() -> None:
    picture = Picture(a_node("n1", labels={"disk": "ssd"}), a_node("n2", cpu="8"))
    wish = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
    item = {"weight": 10, "preference": wish}
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [item]}}
    assert picture.decide(a_pod("p")).node == "n2"
    assert picture.decide(a_pod("p", affinity=affinity)).node == "n1"


# --- neighbours ---


def test_anti_affinity_keeps_a_kind_apart_in_both_directions() -> None:
    picture = Picture(a_node("n1"), a_node("n2"))
    apart = required("podAntiAffinity", term())
    picture.run(a_pod("w1", labels=WEB, affinity=apart), "n1")
    assert picture.takers(a_pod("w2", labels=WEB, affinity=apart)) == {"n2"}
    # A pod without rules of its own is still kept off by those of the pod that runs.
    assert picture.takers(a_pod("plain", labels=WEB)) == {"n2"}
    picture.run(a_pod("w2", labels=WEB, affinity=apart), "n2")
    message = picture.decide(a_pod("w3", labels=WEB, affinity=apart)).message
    assert "2 node(s) didn't match pod anti-affinity rules" in message
    message = picture.decide(a_pod("other", affinity=apart)).message
    assert "2 node(s) didn't match pod anti-affinity rules" in message


def test_a_pod_that_left_no_longer_keeps_others_off() -> None:
    picture = Picture(a_node("n1"))
    bound = picture.run(a_pod("w1", labels=WEB, affinity=required("podAntiAffinity", term())), "n1")
    assert picture.decide(a_pod("w2", labels=WEB)).node is None
    picture.remove(bound)
    assert picture.decide(a_pod("w2", labels=WEB)).node == "n1"


def test_affinity_leads_to_the_domain_of_the_others_and_the_first_may_choose() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "a"), a_node("n3", "b"))
    near = required("podAffinity", term(ZONE))
    alone = picture.decide(a_pod("p", affinity=near)).message
    assert "3 node(s) didn't match pod affinity rules" in alone
    assert picture.takers(a_pod("w1", labels=WEB, affinity=near)) == {"n1", "n2", "n3"}
    picture.run(a_pod("w1", labels=WEB, affinity=near), "n1")
    assert picture.takers(a_pod("w2", labels=WEB, affinity=near)) == {"n1", "n2"}


def test_affinity_terms_speak_of_their_namespaces() -> None:
    picture = Picture(a_node("n1"), a_node("n2"))
    picture.run(a_pod("w1", labels=WEB, space="shop"), "n1")
    picture.index.tallies.namespace("shop", {"team": "sales"})
    assert picture.takers(a_pod("p", affinity=required("podAffinity", term()))) == set()
    for chosen in ({"namespaces": ["shop"]}, {"namespaceSelector": {"matchLabels": {"team": "sales"}}}):
        assert picture.takers(a_pod("p", affinity=required("podAffinity", term(**chosen)))) == {"n1"}
    picture.index.tallies.namespace("shop", {"team": "other"})
    by_label = term(namespaceSelector={"matchLabels": {"team": "sales"}})
    assert picture.takers(a_pod("p", affinity=required("podAffinity", by_label))) == set()


def test_preferences_towards_others_decide_among_nodes_that_fit() -> None:
    picture = Picture(a_node("n1"), a_node("n2"))
    picture.run(a_pod("w1", labels=WEB), "n1")
    assert picture.decide(a_pod("p", affinity=preferred("podAffinity", 50, term()))).node == "n1"
    assert picture.decide(a_pod("p", affinity=preferred("podAntiAffinity", 50, term()))).node == "n2"


def test_preferences_of_running_pods_pull_newcomers_too() -> None:
    picture = Picture(a_node("n1"), a_node("n2"))
    picture.run(a_pod("fan", cpu="1", affinity=preferred("podAffinity", 100, term())), "n1")
    assert picture.decide(a_pod("w1", labels=WEB)).node == "n1"
    assert picture.decide(a_pod("other")).node == "n2"


# --- spread ---


def test_pods_spread_over_zones_within_the_skew() -> None:
    picture = Picture(*(a_node(f"n{number}", "abc"[number % 3]) for number in range(6)))
    homes = [picture.place(a_pod(f"w{n}", labels=WEB, topologySpreadConstraints=spread())) for n in range(9)]
    zones = ["abc"[int(str(home)[1:]) % 3] for home in homes]
    assert sorted(zones) == sorted("abc" * 3)


def test_a_full_zone_stops_a_hard_spread_and_not_a_soft_one() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "b", cpu="50m"))
    picture.run(a_pod("w1", labels=WEB), "n1")
    hard = a_pod("w2", labels=WEB, topologySpreadConstraints=spread())
    message = picture.decide(hard).message
    assert "1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints." in message
    soft = a_pod("w2", labels=WEB, topologySpreadConstraints=spread(whenUnsatisfiable="ScheduleAnyway"))
    assert picture.decide(soft).node == "n1"


def test_nodes_without_the_topology_label_are_named() -> None:
    bare = a_node("n1")
    del bare["metadata"]["labels"][ZONE]
    message = Picture(bare).decide(a_pod("w", labels=WEB, topologySpreadConstraints=spread())).message
    assert "1 node(s) didn't match pod topology spread constraints (missing required label)" in message


def test_min_domains_count_zones_that_do_not_exist_yet_as_empty() -> None:
    picture = Picture(a_node("n1", "a"))
    rule = spread(minDomains=2)
    assert picture.place(a_pod("w1", labels=WEB, topologySpreadConstraints=rule)) == "n1"
    assert picture.place(a_pod("w2", labels=WEB, topologySpreadConstraints=rule)) is None
    assert picture.place(a_pod("w2", labels=WEB, topologySpreadConstraints=spread())) == "n1"


def test_domains_closed_by_node_affinity_or_taints_do_not_count_where_the_policy_says_so() -> None:
    taint = {"key": "k", "effect": "NoSchedule"}
    picture = Picture(a_node("n1", "a", labels={"pool": "x"}), a_node("n2", "b", taints=[taint]))
    picture.run(a_pod("w1", labels=WEB), "n1")
    chosen = {"nodeSelector": {"pool": "x"}}

    def fits(rule: Obj, **spec: Any) -> bool:
        pod = a_pod("w2", labels=WEB, topologySpreadConstraints=spread(**rule), **spec)
        return picture.decide(pod).node is not None

    assert fits({}, **chosen)
    assert not fits({"nodeAffinityPolicy": "Ignore"}, **chosen)
    assert not fits({})
    assert fits({"nodeTaintsPolicy": "Honor"})


def test_pods_on_their_way_out_do_not_count_for_spread() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "b", cpu="50m"))
    bound = picture.run(a_pod("w1", labels=WEB), "n1")
    pod = a_pod("w2", labels=WEB, topologySpreadConstraints=spread())
    assert picture.decide(pod).node is None
    picture.add({**bound, "metadata": {**bound["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    assert picture.decide(pod).node == "n1"


def test_match_label_keys_count_only_pods_of_the_same_revision() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "b", cpu="50m"))
    picture.run(a_pod("old", labels={**WEB, "rev": "1"}), "n1")
    rule = spread(matchLabelKeys=["rev"])
    pod = a_pod("new", labels={**WEB, "rev": "2"}, topologySpreadConstraints=rule)
    assert picture.decide(pod).node == "n1"


def test_replicas_without_rules_are_spread_softly() -> None:
    picture = Picture(*(a_node(f"n{n}", "ab"[n % 2], cpu=f"{4 + 2 * n}") for n in range(4)))
    homes = []
    for number in range(4):
        pod = a_pod(f"w{number}", labels=WEB)
        node = picture.decider.decide(pod, default_selector={"matchLabels": WEB}).node
        assert node is not None
        picture.run(pod, node)
        homes.append(node)
    assert len(set(homes)) == 4


def test_relabelled_and_removed_nodes_are_counted_where_they_are() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "b"))
    picture.run(a_pod("w1", labels=WEB), "n1")
    pod = a_pod("w2", labels=WEB, topologySpreadConstraints=spread(nodeAffinityPolicy="Ignore"))
    assert picture.takers(pod) == {"n2"}
    picture.add(a_node("n1", "b"))
    assert picture.takers(pod) == {"n1", "n2"}
    picture.add(a_node("n3", "c"))
    assert picture.takers(pod) == {"n3"}
    picture.remove(a_node("n3", "c"))
    assert picture.takers(pod) == {"n1", "n2"}


def test_spread_by_host_is_as_even_as_spread_by_zone() -> None:
    picture = Picture(*(a_node(f"n{number}") for number in range(5)))
    rule = spread(HOST)
    homes = [picture.place(a_pod(f"w{n}", labels=WEB, topologySpreadConstraints=rule)) for n in range(5)]
    assert len(set(homes)) == 5


def test_a_spread_that_selects_everything_counts_no_pod_but_the_one_that_comes() -> None:
    picture = Picture(a_node("n1", "a"), a_node("n2", "b", cpu="50m"))
    for number in range(3):
        picture.run(a_pod(f"w{number}", labels=WEB), "n1")
    rule = spread(labelSelector={})
    assert picture.decide(a_pod("p", topologySpreadConstraints=rule)).node == "n1"
