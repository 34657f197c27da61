"""Jobs: pods that end, retries, limits, pauses and clean-up."""

from __future__ import annotations

from typing import Any

import pytest

from nodeyard.world.kubernetes.controllers.job_counts import read_indexes, write_indexes
from tests.unit.world.kubernetes.controllers.cluster import Obj, Yard

JOBS = "jobs.batch"


@pytest.fixture
def yard() -> Yard:
    yard = Yard()
    yard.node("n1", cpu="16")
    return yard


def make(yard: Yard, marks: dict[str, str] | None = None, restart: str = "Never", **spec: Any) -> Obj:
    container = {"name": "work", "image": "work:1", "resources": {"requests": {"cpu": "100m"}}}
    annotations = {f"nodeyard.dev/{name}": value for name, value in (marks or {}).items()}
    template = {"metadata": {"annotations": annotations}}
    template["spec"] = {"restartPolicy": restart, "containers": [container]}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sum"}}
    return yard.api.create(JOBS, "default", {**body, "spec": {"template": template, **spec}})


def status(yard: Yard) -> Obj:
    found: Obj = yard.api.get(JOBS, "default", "sum")["status"]
    return found


def true_conditions(yard: Yard) -> dict[str, str]:
    found = status(yard).get("conditions") or ()
    return {each["type"]: each["reason"] for each in found if each["status"] == "True"}


def change(yard: Yard, **spec: Any) -> None:
    old = yard.api.get(JOBS, "default", "sum")
    yard.api.update(JOBS, "default", "sum", {**old, "spec": {**old["spec"], **spec}})


def test_a_job_ends_when_its_pod_has_ended(yard: Yard) -> None:
    make(yard)
    yard.settle(5)
    assert status(yard)["active"] == 1
    yard.settle(10)
    assert true_conditions(yard) == dict.fromkeys(("SuccessCriteriaMet", "Complete"), "CompletionsReached")
    assert status(yard)["succeeded"] == 1 and "active" not in status(yard)
    assert status(yard)["completionTime"] > status(yard)["startTime"]
    assert yard.pods()[0]["metadata"].get("finalizers", []) == []


def test_no_more_pods_run_at_once_than_the_parallelism(yard: Yard) -> None:
    make(yard, completions=5, parallelism=2)
    most = 0
    for _ in range(40):
        yard.settle(1)
        most = max(most, int(status(yard).get("active") or 0))
    assert most == 2
    assert status(yard)["succeeded"] == 5 and len(yard.pods()) == 5


def test_failures_are_tried_again_with_growing_pauses_until_the_limit(yard: Yard) -> None:
    make(yard, {"exit-code": "3", "run-seconds": "1"}, backoffLimit=2)
    yard.settle(15)
    assert (status(yard)["failed"], len(yard.pods())) == (1, 2)
    yard.settle(120)
    assert true_conditions(yard) == dict.fromkeys(("FailureTarget", "Failed"), "BackoffLimitExceeded")
    assert status(yard)["failed"] == 3 and len(yard.pods()) == 3


def test_containers_restart_in_place_where_the_pod_says_on_failure(yard: Yard) -> None:
    make(yard, {"exit-code": "1", "run-seconds": "2"}, restart="OnFailure", backoffLimit=3)
    yard.settle(6)
    assert yard.pods()[0]["status"]["containerStatuses"][0]["restartCount"] >= 1
    yard.settle(60)
    assert true_conditions(yard)["Failed"] == "BackoffLimitExceeded"
    assert yard.pods() == []


def test_a_job_that_takes_too_long_fails_and_its_pods_go(yard: Yard) -> None:
    make(yard, {"run-seconds": "never"}, activeDeadlineSeconds=20)
    yard.settle(10)
    assert true_conditions(yard) == {}
    yard.settle(40)
    assert true_conditions(yard)["Failed"] == "DeadlineExceeded"
    assert yard.pods() == []


def test_a_suspended_job_has_no_pods_and_its_stopped_pods_are_no_failures(yard: Yard) -> None:
    make(yard, {"run-seconds": "30"})
    yard.settle(10)
    change(yard, suspend=True)
    yard.settle(20)
    assert true_conditions(yard) == {"Suspended": "JobSuspended"}
    assert yard.pods() == [] and "startTime" not in status(yard) and not status(yard).get("failed")
    change(yard, suspend=False)
    yard.settle(60)
    assert "Complete" in true_conditions(yard)


def test_finished_jobs_go_after_their_time(yard: Yard) -> None:
    make(yard, ttlSecondsAfterFinished=60)
    yard.settle(30)
    assert "Complete" in true_conditions(yard)
    yard.settle(90)
    assert yard.store.list(JOBS) == [] and yard.pods() == []


def test_a_deleted_pod_counts_as_failed_and_is_replaced(yard: Yard) -> None:
    make(yard, {"run-seconds": "60"})
    yard.settle(10)
    yard.api.evict("default", yard.pods()[0]["metadata"]["name"])
    yard.settle(20)
    assert status(yard)["failed"] == 1 and status(yard)["active"] == 1
    yard.settle(100)
    assert "Complete" in true_conditions(yard)


def test_a_failure_policy_can_ignore_disruptions_and_fail_on_exit_codes(yard: Yard) -> None:
    rules: list[Obj] = [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]
    rules.append({"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}})
    make(yard, {"run-seconds": "60", "exit-code": "42"}, podFailurePolicy={"rules": rules})
    yard.settle(10)
    yard.api.evict("default", yard.pods()[0]["metadata"]["name"])
    yard.settle(20)
    assert not status(yard).get("failed")
    yard.settle(100)
    assert true_conditions(yard)["Failed"] == "PodFailurePolicy"


def test_a_pod_lost_with_its_node_is_counted_and_made_anew(yard: Yard) -> None:
    make(yard, {"run-seconds": "100"})
    yard.settle(10)
    yard.node("n2")
    yard.api.delete("nodes", None, "n1")
    yard.settle(90)
    assert status(yard)["failed"] == 1
    assert [pod["spec"]["nodeName"] for pod in yard.pods()] == ["n2"]


def test_indexed_jobs_finish_each_index_once(yard: Yard) -> None:
    make(yard, completions=4, parallelism=2, completionMode="Indexed")
    yard.settle(60)
    assert status(yard)["completedIndexes"] == "0-3" and "Complete" in true_conditions(yard)
    key = "batch.kubernetes.io/job-completion-index"
    assert sorted(pod["metadata"]["annotations"][key] for pod in yard.pods()) == ["0", "1", "2", "3"]


def test_a_job_deleted_while_it_runs_leaves_nothing(yard: Yard) -> None:
    make(yard, {"run-seconds": "never"})
    yard.settle(10)
    yard.api.delete(JOBS, "default", "sum", propagation="Background")
    yard.settle(60)
    assert yard.pods() == []


def test_indexes_are_written_as_spans_and_read_back() -> None:
    assert write_indexes({0, 1, 2, 4, 6, 7}) == "0-2,4,6,7"
    assert read_indexes("0-2,4,6,7") == {0, 1, 2, 4, 6, 7}
