"""The eviction subresource against disruption budgets."""

from __future__ import annotations

from typing import Any

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.store import Store
from tests.fakes import FakeClock

BUDGETS = "poddisruptionbudgets.policy"


@pytest.fixture
def api() -> Api:
    clock, ids = FakeClock(), SeededIds(1)
    made = Api(Store(clock, ids), clock, ids)
    made.create("namespaces", None, {"metadata": {"name": "default"}})
    return made


def running(api: Api, name: str = "p", ready: bool = True) -> None:
    spec = {"containers": [{"name": "c", "image": "web:1"}]}
    made = api.create("pods", "default", {"metadata": {"name": name, "labels": {"a": "b"}}, "spec": spec})
    api.bind("default", name, "n1")
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    status = {"phase": "Running", "conditions": conditions}
    body = {**made, "status": status, "metadata": {"name": name}}
    api.update("pods", "default", name, body, subresource="status")


def budget(api: Api, name: str = "b", *, status: dict[str, Any], **spec: Any) -> None:
    body = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"a": "b"}}, **spec}}
    api.create(BUDGETS, "default", body)
    full = {"observedGeneration": 1, **status}
    api.update(BUDGETS, "default", name, {**body, "status": full}, subresource="status")


FULL = {"disruptionsAllowed": 0, "desiredHealthy": 2, "currentHealthy": 2}


def test_a_pod_without_budgets_is_evicted_with_a_trace(api: Api) -> None:
    running(api)
    assert api.evict("default", "p")["status"] == "Success"
    pod = api.get("pods", "default", "p")
    assert pod["metadata"]["deletionTimestamp"]
    assert pod["status"]["conditions"][-1]["reason"] == "EvictionByEvictionAPI"


def test_a_budget_with_nothing_to_give_refuses_in_the_known_words(api: Api) -> None:
    running(api)
    budget(api, status=FULL)
    with pytest.raises(ApiError) as error:
        api.evict("default", "p")
    status = error.value.status()
    assert (status["code"], status["reason"]) == (429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    assert status["details"]["causes"] == [
        {
            "reason": "DisruptionBudget",
            "message": "The disruption budget b needs 2 healthy pods and has 2 currently",
            "field": "",
        }
    ]


def test_an_eviction_takes_one_disruption(api: Api) -> None:
    running(api)
    budget(api, status={"disruptionsAllowed": 1, "desiredHealthy": 1, "currentHealthy": 2})
    api.evict("default", "p")
    status = api.get(BUDGETS, "default", "b")["status"]
    assert status["disruptionsAllowed"] == 0 and "p" in status["disruptedPods"]


def test_a_budget_that_was_never_computed_asks_to_come_back(api: Api) -> None:
    running(api)
    budget(api, status={"observedGeneration": 0})
    with pytest.raises(ApiError) as error:
        api.evict("default", "p")
    assert error.value.retry_after_s == 10


def test_two_budgets_on_one_pod_are_an_error(api: Api) -> None:
    running(api)
    budget(api, "b1", status=FULL)
    budget(api, "b2", status=FULL)
    with pytest.raises(ApiError) as error:
        api.evict("default", "p")
    assert error.value.code == 500
    assert "more than one PodDisruptionBudget" in error.value.message


@pytest.mark.parametrize(
    ("policy", "healthy", "goes"),
    [("IfHealthyBudget", 2, True), ("IfHealthyBudget", 1, False), ("AlwaysAllow", 0, True)],
)
def test_unhealthy_pods_go_by_the_policy_of_the_budget(
    api: Api, policy: str, healthy: int, goes: bool
) -> None:
    running(api, ready=False)
    numbers = {"disruptionsAllowed": 0, "desiredHealthy": 2, "currentHealthy": healthy}
    budget(api, status=numbers, unhealthyPodEvictionPolicy=policy)
    if goes:
        assert api.evict("default", "p")["status"] == "Success"
        return
    with pytest.raises(ApiError) as error:
        api.evict("default", "p")
    assert error.value.code == 429


def test_pending_pods_ask_no_budget(api: Api) -> None:
    spec = {"containers": [{"name": "c", "image": "web:1"}]}
    api.create("pods", "default", {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": spec})
    budget(api, status=FULL)
    api.evict("default", "p")
    assert api.list("pods") == []


def test_an_eviction_of_another_pod_of_the_same_name_conflicts(api: Api) -> None:
    running(api)
    with pytest.raises(ApiError) as error:
        api.evict("default", "p", {"deleteOptions": {"preconditions": {"uid": "another"}}})
    assert error.value.code == 409


def test_a_dry_run_costs_the_budget_nothing(api: Api) -> None:
    running(api)
    budget(api, status={"disruptionsAllowed": 1, "desiredHealthy": 1, "currentHealthy": 2})
    api.evict("default", "p", {"deleteOptions": {"dryRun": ["All"]}})
    assert api.get(BUDGETS, "default", "b")["status"]["disruptionsAllowed"] == 1
    assert "deletionTimestamp" not in api.get("pods", "default", "p")["metadata"]
