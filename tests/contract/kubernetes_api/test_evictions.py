"""Evictions under budgets of every shape: what is let go, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes_api.doors import MERGE, NEVER_READY, Answer, Door

Obj = dict[str, Any]
BUDGETS = "policy/v1:poddisruptionbudgets"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


async def a_node(door: Door) -> None:
    """Add a node that takes the pods of the test, and no others; wait until it is known to be Ready."""
    only = {"key": "only", "value": door.space, "effect": "NoSchedule"}
    sizes = {"cpu": "8", "memory": "16Gi", "pods": "50"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": ""}
    status = {"capacity": sizes, "allocatable": sizes, "conditions": [ready]}
    metadata = {"name": f"node-{door.space}", "labels": {"only": door.space}}
    await door.make("/api/v1/nodes", {"metadata": metadata, "spec": {"taints": [only]}, "status": status})

    async def welcome() -> bool:
        # A real API server taints every new node as not ready, until a controller has seen its condition.
        found = (await door.get(f"/api/v1/nodes/{metadata['name']}")).body
        return found["spec"].get("taints") == [only]

    await door.until(welcome)


async def workload(door: Door, replicas: int, **annotations: str) -> list[Obj]:
    """Run a Deployment and return its pods once all of them run."""
    await a_node(door)
    spec = {
        "containers": [{"name": "app", "image": "app:1"}],
        "nodeSelector": {"only": door.space},
        "tolerations": [{"key": "only", "operator": "Exists"}],
    }
    marks = {"labels": {"app": "web"}, "annotations": annotations}
    template = {"metadata": marks, "spec": spec}
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    await door.make("apps/v1:deployments", {"metadata": {"name": "web"}, "spec": body})

    async def running() -> bool:
        found = await pods(door)
        return len(found) == replicas and all(each["status"].get("phase") == "Running" for each in found)

    await door.until(running)
    return await pods(door)


async def pods(door: Door) -> list[Obj]:
    found: list[Obj] = (await door.get("pods", labelSelector="app=web")).body["items"]
    return found


async def a_budget(door: Door, name: str = "web", **spec: Any) -> Obj:
    """Make a budget and return it once it was counted."""
    body = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec}}
    await door.make(BUDGETS, body)

    async def counted() -> bool:
        status = (await door.get(f"{BUDGETS}/{name}")).body.get("status") or {}
        return bool(status.get("observedGeneration") and status.get("expectedPods"))

    await door.until(counted)
    return (await door.get(f"{BUDGETS}/{name}")).body


async def evicted(door: Door, pod: Obj, **options: Any) -> Answer:
    body: Obj = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod["metadata"]["name"], "namespace": door.space},
    }
    if options:
        body["deleteOptions"] = options
    return await door.ask("POST", f"pods/{pod['metadata']['name']}/eviction", body)


@pytest.mark.parametrize(
    ("spec", "needs", "allowed"),
    [
        ({"minAvailable": 1}, 1, 2),
        ({"minAvailable": 3}, 3, 0),
        ({"minAvailable": 5}, 5, 0),
        ({"minAvailable": "50%"}, 2, 1),
        ({"minAvailable": "100%"}, 3, 0),
        ({"minAvailable": "0%"}, 0, 3),
        ({"maxUnavailable": 0}, 3, 0),
        ({"maxUnavailable": 1}, 2, 1),
        ({"maxUnavailable": "30%"}, 2, 1),
        ({"maxUnavailable": "0%"}, 3, 0),
        ({"maxUnavailable": "100%"}, 0, 3),
    ],
)
async def test_a_budget_lets_as_many_go_as_its_shape_says(
    door: Door, spec: Obj, needs: int, allowed: int
) -> None:
    there = await workload(door, 3)
    status = (await a_budget(door, **spec))["status"]
    counts = status["expectedPods"], status["currentHealthy"], status["desiredHealthy"]
    assert (*counts, status["disruptionsAllowed"]) == (3, 3, needs, allowed)
    # Those that come in their place find no node, so that nothing comes up again meanwhile.
    await door.ask("PATCH", f"/api/v1/nodes/node-{door.space}", {"spec": {"unschedulable": True}}, kind=MERGE)
    answers = [await evicted(door, pod) for pod in there]
    assert [each.status for each in answers] == [201] * allowed + [429] * (3 - allowed)
    for refused in answers[allowed:]:
        assert refused.refusal == (429, "TooManyRequests")
        assert refused.body["message"] == VIOLATES
        (cause,) = refused.body["details"]["causes"]
        assert cause["reason"] == "DisruptionBudget"
        says = [f"The disruption budget web needs {needs} healthy pods and has"]
        if allowed and door.real:  # its controller counts a moment later those that went
            says.append("The disruption budget web does not allow evicting pods currently")
        assert cause["message"].startswith(tuple(says))


@pytest.mark.parametrize(("policy", "status"), [("AlwaysAllow", 201), ("IfHealthyBudget", 429), (None, 429)])
async def test_a_pod_that_is_not_ready_goes_as_the_policy_says(
    door: Door, policy: str | None, status: int
) -> None:
    first = (await workload(door, 2, **{NEVER_READY: "never"}))[0]
    more = {} if policy is None else {"unhealthyPodEvictionPolicy": policy}
    counted = (await a_budget(door, minAvailable=2, **more))["status"]
    assert (counted["currentHealthy"], counted["disruptionsAllowed"]) == (0, 0)
    assert (await evicted(door, first)).status == status


@pytest.mark.parametrize(
    ("policy", "needs", "unready", "ready"),
    [
        (None, 1, 201, 201),
        (None, 2, 201, 429),
        ("IfHealthyBudget", 2, 201, 429),
        ("IfHealthyBudget", 3, 429, 429),
        ("AlwaysAllow", 3, 201, 429),
    ],
)
async def test_a_pod_that_is_not_ready_goes_where_enough_others_are(
    door: Door, policy: str | None, needs: int, unready: int, ready: int
) -> None:
    await a_node(door)
    spec = {
        "containers": [{"name": "app", "image": "app:1"}],
        "nodeSelector": {"only": door.space},
        "tolerations": [{"key": "only", "operator": "Exists"}],
    }
    for name, marks in (("a", {}), ("b", {}), ("c", {NEVER_READY: "never"})):
        metadata = {"name": name, "labels": {"app": "web"}, "annotations": marks}
        await door.make("pods", {"metadata": metadata, "spec": spec})
    more = {} if policy is None else {"unhealthyPodEvictionPolicy": policy}
    await a_budget(door, minAvailable=needs, **more)

    async def counted() -> bool:
        status = (await door.get(f"{BUDGETS}/web")).body["status"]
        running = [each["status"]["phase"] == "Running" for each in await pods(door)]
        return bool(status["currentHealthy"] == 2 and all(running))

    await door.until(counted)
    for name, status in (("c", unready), ("a", ready)):
        assert (await evicted(door, {"metadata": {"name": name}})).status == status


async def test_a_pod_of_two_budgets_cannot_be_evicted(door: Door) -> None:
    (pod,) = await workload(door, 1)
    for name in ("one", "two"):
        await a_budget(door, name, maxUnavailable="100%")
    refused = await evicted(door, pod)
    assert refused.refusal == (500, "")
    assert "This pod has more than one PodDisruptionBudget" in refused.body["message"]


async def test_a_pod_without_a_budget_goes_and_only_the_one_that_was_meant(door: Door) -> None:
    (pod,) = await workload(door, 1)
    assert (await evicted(door, pod, preconditions={"uid": "another"})).refusal == (409, "Conflict")
    assert (await evicted(door, pod, dryRun=["All"])).status == 201
    assert "deletionTimestamp" not in (await pods(door))[0]["metadata"]
    well = await evicted(door, pod, preconditions={"uid": pod["metadata"]["uid"]})
    assert (well.status, well.body["kind"], well.body["status"]) == (201, "Status", "Success")
    gone = {"metadata": {"name": "never-there"}}
    assert (await evicted(door, gone)).refusal == (404, "NotFound")


async def test_a_pod_that_does_not_run_yet_goes_whatever_its_budget_says(door: Door) -> None:
    labels = {"app": "web"}
    waiting = {"containers": [{"name": "app", "image": "app:1"}], "nodeSelector": {"only": "nobody"}}
    pod = await door.make("pods", {"metadata": {"name": "p", "labels": labels}, "spec": waiting})
    await a_budget(door, minAvailable=1)
    assert (await evicted(door, pod)).status == 201


async def test_two_demands_at_once_are_refused(door: Door) -> None:
    spec = {"minAvailable": 1, "maxUnavailable": 1, "selector": {}}
    refused = await door.ask("POST", BUDGETS, {"metadata": {"name": "x"}, "spec": spec})
    assert refused.refusal == (422, "Invalid")
    for wrong in ({"minAvailable": -1}, {"maxUnavailable": "101%"}, {"minAvailable": "many"}):
        spec = {"selector": {}, **wrong}
        assert (await door.ask("POST", BUDGETS, {"metadata": {"name": "x"}, "spec": spec})).refusal == (
            422,
            "Invalid",
        )
