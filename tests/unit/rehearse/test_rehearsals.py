"""Rehearsals of small clusters: the verdict, what is in the way, what helps."""

from __future__ import annotations

import copy
import gc
from dataclasses import replace
from datetime import timedelta

import pytest

from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.group import select
from nodeyard.rehearse.learned import Range, at
from nodeyard.rehearse.objects import prepare
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.play import play
from nodeyard.rehearse.rehearsal import rehearse
from nodeyard.rehearse.snapshot import SnapshotRefused
from nodeyard.rehearse.summing import percentile
from tests.unit.rehearse.clusters import Cluster, three_nodes


def played(cluster: Cluster, runs: int = 2, **members: object) -> a.Answer:
    return rehearse(cluster.snapshot(), Request("blue", runs=runs, **members))  # type: ignore[arg-type]


def test_a_group_without_budgets_passes_and_its_length_is_told() -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    answer = played(cluster, runs=4)
    assert (answer.verdict, answer.failing, answer.failure) == (a.PASSES, 0.0, None)
    assert answer.sentence.startswith("would succeed: 3 nodes in about ")
    assert 0 < answer.length.p50 <= answer.length.p90 <= answer.length.p99
    assert sum(each.share for each in answer.critical_path) == pytest.approx(1.0, abs=0.02)
    assert [each.gone is not None for each in answer.timeline if not each.new] == [True] * 3
    assert answer.capacity[0][1] == 3 and answer.capacity[-1][1] == 3
    assert answer.assumed[-1:] and "no pod of" not in " ".join(answer.assumed)


def test_nothing_moves_before_the_update_begins() -> None:
    cluster = three_nodes()
    first, second, third = cluster.nodes
    cluster.deployment("web", [first, second])
    cluster.statefulset("db", [first, third])
    assert not any("replaced before the update" in each for each in played(cluster, runs=1).assumed)


def test_a_run_changes_nothing_of_what_the_runs_share() -> None:
    snapshot = three_nodes().snapshot()
    prepared = prepare(snapshot)
    before = copy.deepcopy(prepared)
    gc.enable()  # a rehearsal of another test may still be at work in its thread
    run = play(snapshot, prepared, select(snapshot, "blue"), Request("blue", runs=1))
    assert run.succeeded and gc.isenabled()
    assert prepared == before


def test_the_same_seed_gives_the_same_answer() -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    assert a.as_json(played(cluster)) == a.as_json(played(cluster))


def test_a_budget_that_needs_every_replica_fails_at_the_first_node_with_its_name_and_ways_out() -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    cluster.budget("web", minAvailable=3)
    answer = played(cluster)
    assert answer.verdict == a.FAILS
    assert answer.failure is not None
    assert (answer.failure.node, answer.failure.nodes) == (1, 3)
    assert answer.failure.code == "PodEvictionFailure"
    assert "shop/web needs 3 healthy pods and has 3" in answer.sentence
    assert answer.failure.names[0] in cluster.nodes
    assert {each.budget for each in answer.blockers if each.fatal} == {"shop/web"}
    assert [each.changes for each in answer.ways_out] == [
        ("scale Deployment shop/web to 4 replicas",),
        ("set maxUnavailable of budget shop/web to 1 instead of minAvailable 3",),
    ]
    assert answer.killed == ("shop/web-abc12-0", "shop/web-abc12-1", "shop/web-abc12-2")


def test_two_budgets_in_the_way_need_two_changes_together() -> None:
    cluster = three_nodes()
    for name in ("web", "api"):
        cluster.deployment(name, list(cluster.nodes))
        cluster.budget(name, minAvailable=3)
    (way,) = played(cluster, runs=1).ways_out
    assert len(way.changes) == 2
    assert {"web" in each for each in way.changes} == {True, False}


def test_replicas_that_find_no_room_block_a_later_node() -> None:
    # MINIMAL takes nodes away first: the first eviction is allowed, the pod fits nowhere, the second is not.
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes), cpu="1500m")
    cluster.budget("web", maxUnavailable=1)
    config = UpdateConfig(max_unavailable=2, update_strategy="MINIMAL")
    answer = played(cluster, runs=1, update_config=config)
    assert answer.homeless and "Insufficient cpu" in answer.homeless[0].because
    assert answer.homeless[0].workload == "shop/web"


def test_a_workload_of_one_replica_is_down_for_a_time_and_said_to_be() -> None:
    cluster = three_nodes()
    cluster.deployment("one", [cluster.nodes[0]])
    answer = played(cluster, runs=3)
    (down,) = answer.outages
    assert (down.workload, down.lasting) == ("shop/one", False)
    assert 9 <= down.seconds <= 20
    assert [each.code for each in answer.notes] == ["SINGLE_REPLICA"]


def test_a_pod_without_a_controller_and_one_with_local_storage_are_told() -> None:
    cluster = three_nodes()
    spec = {"containers": [{"name": "x"}], "volumes": [{"name": "scratch", "emptyDir": {}}]}
    everything = {"tolerations": [{"operator": "Exists"}]}
    cluster.pod("alone", cluster.nodes[0], spec | everything)
    cluster.deployment("agent", list(cluster.nodes), spec=everything)
    answer = played(cluster, runs=1)
    assert [each.code for each in answer.notes] == ["LOCAL_STORAGE", "TOLERATES_EVERYTHING", "UNMANAGED"]


def test_a_volume_holds_its_pod_to_its_zone_and_the_count_of_nodes_there_is_told() -> None:
    cluster = three_nodes()
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    cluster.statefulset("db", [cluster.nodes[1]], spec={"volumes": [claim]})
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-west-1b"]}
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}}
    cluster.add("PersistentVolume", "vol-1", spec={"nodeAffinity": affinity}, status={"phase": "Bound"})
    cluster.add(
        "PersistentVolumeClaim", "data", "shop", spec={"volumeName": "vol-1"}, status={"phase": "Bound"}
    )
    answer = played(cluster, runs=1)
    assert answer.verdict == a.PASSES
    assert any(
        each.code == "ZONE_BOUND" and "the group has 1 node there" in each.sentence for each in answer.notes
    )


def test_a_longer_limit_of_the_drain_is_kept_to() -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    cluster.budget("web", maxUnavailable=0)
    short = played(cluster, runs=1, drain_limit_s=300.0).failure
    long = played(cluster, runs=1, drain_limit_s=1200.0).failure
    assert short is not None and long is not None
    assert long.after - short.after == pytest.approx(900, abs=1)


def test_how_long_instances_take_is_learned_where_their_launches_are_known() -> None:
    cluster = three_nodes()
    for number, each in enumerate(cluster.objects[:3]):
        each["spec"]["providerID"] = f"aws:///eu-west-1a/i-0{number}"
    unknown = cluster.snapshot()
    created = at(cluster.objects[0]["metadata"]["creationTimestamp"])
    assert created is not None
    launched = {f"i-0{number}": created - timedelta(seconds=300 + number) for number in range(3)}
    known = replace(unknown, launched=launched)
    assert prepare(known).times.launches == Range(300.0, 301.0, 3)
    request = Request("blue", runs=2)
    slow, usual = rehearse(known, request), rehearse(unknown, request)
    assert slow.length.p50 > usual.length.p50 + 200
    assert any("launch of an instance" in each for each in usual.assumed)
    assert not any("launch of an instance" in each for each in slow.assumed)
    # What was observed is waited for once: 300 s to the node, 20 s from it to Ready.
    new = [each.ready for each in slow.timeline if each.new and each.ready is not None]
    assert 318 <= min(new) <= 326


def test_new_nodes_come_up_in_every_zone_of_the_group_where_aws_tells_of_more_than_have_nodes() -> None:
    cluster = Cluster()
    for number, letter in enumerate("ab"):
        cluster.node(f"n{number}", f"eu-west-1{letter}")
    cluster.node("other", "eu-west-1c", "green")
    cluster.add("Namespace", "kube-system")
    cluster.daemonset("aws-node")
    told = cluster.snapshot()
    known = replace(told, zones=("eu-west-1a", "eu-west-1b", "eu-west-1c"))
    request = Request("blue", runs=1)

    def zones(answer: a.Answer) -> set[str]:
        return {each.zone[-1] for each in answer.timeline if each.new}

    unknown = rehearse(told, request)
    assert zones(unknown) == {"a", "b"}
    assert any("new nodes come up in eu-west-1a, eu-west-1b, where" in each for each in unknown.assumed)
    assert zones(rehearse(known, request)) == {"a", "b", "c"}
    elsewhere = replace(told, zones=("eu-west-1c",))  # not of this group: its nodes are in others
    assert zones(rehearse(elsewhere, request)) == {"a", "b"}


@pytest.mark.parametrize("wanted", ["blue", "pool=one"])
def test_pods_that_ask_for_the_label_of_their_group_find_it_on_new_nodes(wanted: str) -> None:
    cluster = three_nodes()
    for each in cluster.objects[:3]:
        each["metadata"]["labels"]["pool"] = "one"
    asks = {"nodeSelector": {"eks.amazonaws.com/nodegroup": "blue"}}
    cluster.deployment("web", [cluster.nodes[0], cluster.nodes[1]], spec=asks)
    cluster.budget("web", maxUnavailable=1)
    answer = rehearse(cluster.snapshot(), Request(wanted, runs=2))
    assert (answer.verdict, answer.homeless) == ("PASSES", ())


def test_the_marks_of_an_update_that_just_failed_are_not_those_of_new_nodes() -> None:
    cluster = three_nodes()
    for each in cluster.objects[:3]:
        mark = {"key": "eks.amazonaws.com/nodegroup", "value": "unschedulable", "effect": "NoSchedule"}
        each["spec"]["taints"] = [mark]
        each["metadata"]["labels"]["node.kubernetes.io/exclude-from-external-load-balancers"] = "true"
    cluster.deployment("web", [cluster.nodes[0], cluster.nodes[1]])
    cluster.budget("web", maxUnavailable=1)
    answer = played(cluster)
    assert (answer.verdict, answer.homeless) == ("PASSES", ())


def test_a_group_whose_zones_differ_by_more_than_one_node_is_rehearsed_as_it_is() -> None:
    cluster = Cluster()
    for number, letter in enumerate("aaab"):
        cluster.node(f"n{number}", f"eu-west-1{letter}")
    cluster.add("Namespace", "kube-system")
    cluster.daemonset("aws-node")
    answer = played(cluster, runs=1)
    assert answer.verdict == "PASSES"
    old = sorted((each.name, each.zone[-1]) for each in answer.timeline if not each.new)
    assert old == [("n0", "a"), ("n1", "a"), ("n2", "a"), ("n3", "b")]


def test_percentiles_hold_for_one_more_run() -> None:
    seven = [float(number) for number in range(1, 8)]
    assert [percentile(seven, share) for share in (0.5, 0.9, 0.99)] == [4.0, 7.0, 7.0]
    assert round(percentile([float(number) for number in range(1, 101)], 0.9), 9) == 90.9
    assert percentile([1.0, 2.0], 0.5) == 1.5
    assert percentile([3.0], 0.5) == 3.0


def test_a_group_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SnapshotRefused, match=r"in group red: the groups in it are .*nodegroup=blue \(3\)"):
        rehearse(three_nodes().snapshot(), Request("red"))


def test_a_group_can_be_named_by_any_label() -> None:
    cluster = three_nodes()
    request = Request("topology.kubernetes.io/zone=eu-west-1a", runs=1)
    answer = rehearse(cluster.snapshot(), request)
    assert (answer.asked.nodes, answer.verdict) == (1, a.PASSES)


def test_a_snapshot_without_workloads_is_rehearsed_and_says_what_it_lacks() -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    cluster.objects = [each for each in cluster.objects if each["kind"] in ("Node", "Pod")]
    answer = played(cluster, runs=1)
    assert answer.verdict == a.PASSES
    assert any("disruption budgets are unknown" in each for each in answer.lacking)
    assert any("ReplicaSets are unknown" in each for each in answer.lacking)


def test_a_node_that_is_cordoned_in_the_snapshot_is_replaced_as_well() -> None:
    cluster = three_nodes()
    next(each for each in cluster.objects if each["kind"] == "Node")["spec"]["unschedulable"] = True
    answer = played(cluster, runs=1)
    assert answer.verdict == "PASSES" and len([each for each in answer.timeline if not each.new]) == 3


def test_nodes_are_taken_in_the_order_of_the_update_that_is_rehearsed() -> None:
    cluster = three_nodes()
    for number, node in enumerate(each for each in cluster.objects if each["kind"] == "Node"):
        node["spec"]["providerID"] = f"aws:///eu-west-1a/i-{number:017x}"
    orders = set()
    for seed in (1, 2, 3):
        lives = played(cluster, runs=1, seed=seed, update_id="u").timeline
        orders.add(tuple(each.name for each in lives if not each.new))
    assert len(orders) == 1
