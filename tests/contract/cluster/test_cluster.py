"""What every way to a cluster promises: nodes, pods, budgets, evictions, identity and watches."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime

from nodeyard.ports import Blocked, Condition, Evicted, Invalid, NotFound
from tests.contract.cluster.places import Place, refused

ROLE = "arn:aws:iam::111122223333:role/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def own(annotations: dict[str, str]) -> dict[str, str]:
    """Return the annotations of a node that no controller put there."""
    return {key: value for key, value in annotations.items() if "kubernetes.io/" not in key}


async def test_nodes_are_found_by_label_with_the_facts_that_flows_need(place: Place) -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    made = place.node("node-1", providerID="aws:///eu-west-1b/i-1", taints=[taint], unschedulable=True)
    place.node("node-2", group="green")
    (found,) = await place.kubernetes.nodes({"eks.amazonaws.com/nodegroup": "blue"})
    assert (found.name, found.uid, found.instance_id) == ("node-1", made["metadata"]["uid"], "i-1")
    assert (found.zone, found.ready, found.unschedulable) == ("eu-west-1b", True, True)
    assert ("gpu", "yes", "NoSchedule") in found.taints
    assert own(found.annotations) == {"note": "kept"}
    assert found.conditions["Ready"] == Condition(
        "True", "KubeletReady", "kubelet is posting ready status", NOON
    )
    both = {"eks.amazonaws.com/nodegroup": "green", "kubernetes.io/os": "linux"}
    assert [each.name for each in await place.kubernetes.nodes(both)] == ["node-2"]
    assert [each.name for each in await place.kubernetes.nodes({})] == ["node-1", "node-2"]
    assert await place.kubernetes.nodes({"eks.amazonaws.com/nodegroup": "red"}) == ()


async def test_pods_are_found_by_node_and_by_namespace(place: Place) -> None:
    place.node("node-1", unschedulable=True)
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u", "controller": True}
    spec = {"volumes": [{"name": "scratch", "emptyDir": {}}], "terminationGracePeriodSeconds": 7}
    place.pod("web-1", "node-1", spec=spec, finalizers=["example.com/stay"])
    place.pod("web-2")
    await place.running("web-1")
    (found,) = [each for each in await place.kubernetes.pods_on("node-1") if each.namespace == "default"]
    assert (found.name, found.node, found.phase, found.ready) == ("web-1", "node-1", "Running", True)
    assert (found.grace_s, found.local_storage, found.finalizers) == (7, True, ("example.com/stay",))
    assert (found.owner_kind, found.mirror, found.terminating_since) == (None, False, None)
    place.pod("web-3", ownerReferences=[owner | {"uid": found.uid, "kind": "Job"}])
    await place.until(lambda: _waits(place, "web-3"))
    third = (await place.kubernetes.pods_in("default"))[-1]
    assert (third.name, third.owner_kind, third.owner_name, third.node) == ("web-3", "Job", "web", "")
    assert "nodes are available" in third.unschedulable_because
    names = [each.name for each in await place.kubernetes.pods_in("default")]
    assert names == ["web-1", "web-2", "web-3"]
    everywhere = await place.kubernetes.pods_in("")
    assert names == [each.name for each in everywhere if each.namespace == "default"]
    assert await place.kubernetes.pods_on("node-9") == await place.kubernetes.pods_in("nowhere") == ()


def _waits(place: Place, name: str) -> bool:
    conditions = place.cluster.api.get("pods", "default", name)["status"].get("conditions") or ()
    return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in conditions)


async def test_budgets_come_with_their_demand_and_their_counts(place: Place) -> None:
    place.node("node-1")
    place.pod("web-1", "node-1")
    await place.running("web-1")
    await place.budget("web", 1, minAvailable=1)
    (found,) = await place.kubernetes.budgets("default")
    assert (found.namespace, found.name, found.demand) == ("default", "web", "minAvailable 1")
    assert (found.expected, found.needs, found.healthy, found.allowed) == (1, 1, 1, 0)
    assert (found.min_available, found.max_unavailable) == ("1", None)
    assert found.selector == {"matchLabels": {"app": "web"}}
    assert found in await place.kubernetes.budgets("")
    assert await place.kubernetes.budgets("nowhere") == ()


async def test_an_eviction_ends_exactly_the_pod_that_was_meant(place: Place) -> None:
    place.node("node-1")
    uid = place.pod("web-1", "node-1", spec={"terminationGracePeriodSeconds": 600})["metadata"]["uid"]
    await place.running("web-1")
    assert await place.kubernetes.evict("default", "web-1", "another") == Evicted()
    assert (await place.kubernetes.pods_in("default"))[0].terminating_since is None
    assert await place.kubernetes.evict("default", "web-1", uid) == Evicted()
    await place.until(lambda: place.cluster.store.get("pods", "default", "web-1") is None)
    assert await place.kubernetes.evict("default", "web-1", uid) == Evicted()


async def test_a_budget_that_refuses_an_eviction_is_named_with_its_numbers(place: Place) -> None:
    place.node("node-1")
    uid = place.pod("web-1", "node-1")["metadata"]["uid"]
    await place.running("web-1")
    await place.budget("web", 1, minAvailable=1)
    answer = await place.kubernetes.evict("default", "web-1", uid)
    assert answer == Blocked(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        ("The disruption budget web needs 1 healthy pods and has 1 currently",),
        None,
    )
    await place.budget("web-too", 1, minAvailable=1)
    answer = await place.kubernetes.evict("default", "web-1", uid)
    assert isinstance(answer, Blocked) and "more than one PodDisruptionBudget" in answer.message
    assert (await place.kubernetes.pods_in("default"))[0].terminating_since is None


async def test_a_pod_is_deleted_against_its_budget_and_only_by_its_uid(place: Place) -> None:
    place.node("node-1")
    uid = place.pod("web-1", "node-1")["metadata"]["uid"]
    await place.running("web-1")
    await place.budget("web", 1, minAvailable=1)
    await place.kubernetes.delete_pod("default", "web-1", "another", grace_s=0)
    assert len(await place.kubernetes.pods_in("default")) == 1
    await place.kubernetes.delete_pod("default", "web-1", uid, grace_s=0)
    assert await place.kubernetes.pods_in("default") == ()
    await place.kubernetes.delete_pod("default", "web-1", uid, grace_s=None)


async def test_a_deleted_pod_has_its_grace(place: Place) -> None:
    place.node("node-1")
    stay = {"nodeyard.dev/stop-seconds": "never"}
    spec = {"terminationGracePeriodSeconds": 600}
    uid = place.pod("web-1", "node-1", spec=spec, annotations=stay)["metadata"]["uid"]
    await place.running("web-1")
    await place.kubernetes.delete_pod("default", "web-1", uid, grace_s=None)
    (found,) = await place.kubernetes.pods_in("default")
    assert found.terminating_since is not None


async def test_a_node_is_cordoned_and_given_back(place: Place) -> None:
    place.node("node-1")
    for value in (True, True, False):
        await place.kubernetes.set_unschedulable("node-1", value)
        (found,) = await place.kubernetes.nodes({})
        assert found.unschedulable is value
    assert await refused(place.kubernetes.set_unschedulable("node-9", True)) is NotFound


async def test_labels_annotations_and_taints_of_a_node_are_patched(place: Place) -> None:
    place.node("node-1")
    patch = place.kubernetes.patch_node
    taints = [("gpu", "yes", "NoSchedule"), ("old", "", "NoExecute")]
    await patch("node-1", labels={"a": "b", "c": "d"}, taints=taints, annotations={"x": "y"})
    (found,) = await place.kubernetes.nodes({"a": "b"})
    assert set(taints) <= set(found.taints) and own(found.annotations) == {"note": "kept", "x": "y"}
    await patch("node-1", labels={"a": None}, annotations={"note": None})
    (found,) = await place.kubernetes.nodes({"c": "d"})
    assert (
        "a" not in found.labels and own(found.annotations) == {"x": "y"} and set(taints) <= set(found.taints)
    )
    await patch("node-1", taints=[])
    (found,) = await place.kubernetes.nodes({})
    assert not {"gpu", "old"} & {key for key, _, _ in found.taints}
    assert await refused(patch("node-1", labels={"not a label!": "x"})) is Invalid
    assert await refused(patch("node-9", labels={"a": "b"})) is NotFound


async def test_a_node_is_deleted_once(place: Place) -> None:
    place.node("node-1")
    for _ in range(2):
        await place.kubernetes.delete_node("node-1")
    assert await place.kubernetes.nodes({}) == ()


async def test_node_roles_are_let_in_once_and_other_entries_stay(place: Place) -> None:
    other = "- rolearn: arn:aws:iam::1:role/other\n  username: admin\n"
    metadata = {"name": "aws-auth", "namespace": "kube-system"}
    await place.kubernetes.remove_node_identity(ROLE + "blue")
    assert place.cluster.store.get("configmaps", "kube-system", "aws-auth") is None
    place.cluster.api.create("configmaps", "kube-system", {"metadata": metadata, "data": {"mapRoles": other}})
    for name in ("blue", "green", "blue"):
        await place.kubernetes.ensure_node_identity(ROLE + name)
    text = place.cluster.api.get("configmaps", "kube-system", "aws-auth")["data"]["mapRoles"]
    assert text.startswith(other)
    assert [text.count(f"rolearn: {ROLE}{name}\n") for name in ("blue", "green")] == [1, 1]
    await place.kubernetes.remove_node_identity(ROLE + "blue")
    text = place.cluster.api.get("configmaps", "kube-system", "aws-auth")["data"]["mapRoles"]
    assert f"{ROLE}blue" not in text and f"{ROLE}green" in text and other in text
    role = place.cluster.api.get("clusterroles.rbac.authorization.k8s.io", None, "eks:node-manager")
    assert {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]} in role["rules"]


async def test_a_node_role_makes_the_config_map_where_there_is_none(place: Place) -> None:
    await place.kubernetes.ensure_node_identity(ROLE + "blue")
    text = place.cluster.api.get("configmaps", "kube-system", "aws-auth")["data"]["mapRoles"]
    assert f"rolearn: {ROLE}blue\n" in text and "system:node:{{EC2PrivateDNSName}}" in text


async def test_a_watch_names_groups_as_their_nodes_change(place: Place) -> None:
    place.node("node-1")
    watch = place.kubernetes.watch()

    async def named(group: str) -> None:
        while await anext(watch) != group:
            pass

    async with asyncio.timeout(20):
        await named("blue")
        place.node("node-2", group="green")
        await named("green")
        place.node("node-3", group="red", unschedulable=True)
        await named("red")
        # Pods that leave count while their node is being emptied, which takes watches of its own.
        looking = asyncio.ensure_future(named("red"))
        for number in itertools.count():
            place.pod(f"web-{number}", node="node-3")
            place.cluster.api.delete("pods", "default", f"web-{number}", grace_s=0)
            await asyncio.wait([looking], timeout=0.5)
            if looking.done():
                break
    await watch.aclose()  # type: ignore[attr-defined]


async def test_a_cluster_that_does_not_exist_says_so_unless_that_is_what_was_wanted(place: Place) -> None:
    nowhere = place.nowhere
    for call in (
        nowhere.nodes({}),
        nowhere.pods_on("node-1"),
        nowhere.pods_in("default"),
        nowhere.budgets("default"),
        nowhere.set_unschedulable("node-1", True),
        nowhere.patch_node("node-1", labels={"a": "b"}),
        nowhere.ensure_node_identity(ROLE + "blue"),
    ):
        assert await refused(call) is NotFound
    assert await nowhere.evict("default", "web-1", "uid") == Evicted()
    await nowhere.delete_pod("default", "web-1", "uid", grace_s=None)
    await nowhere.delete_node("node-1")
    await nowhere.remove_node_identity(ROLE + "blue")
