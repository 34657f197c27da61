"""Who owns which field when somebody applies or writes a status, and the scale of a workload."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes_api.doors import APPLY, MERGE, Answer, Door
from tests.contract.kubernetes_api.test_writing import a_deployment

Obj = dict[str, Any]
WEB = "apps/v1:deployments/web"
HEAD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}


async def applied(door: Door, manager: str, body: Obj, part: str = "", **query: str) -> Answer:
    path = f"{WEB}/{part}" if part else WEB
    return await door.ask("PATCH", path, {**HEAD, **body}, kind=APPLY, fieldManager=manager, **query)


def a_status(count: int, **more: Any) -> Obj:
    return {"status": {"collisionCount": count, **more}}


def owners(obj: Obj, *managers: str) -> dict[tuple[str, str, str], Obj]:
    """Return what each of the managers owns, by its name, how it came to it, and by which subresource."""
    return {
        (each["manager"], each["operation"], each.get("subresource", "")): each["fieldsV1"]
        for each in obj["metadata"]["managedFields"]
        if each["manager"] in managers
    }


async def test_who_applies_a_status_owns_that_and_nothing_else(door: Door) -> None:
    await applied(door, "one", a_deployment())
    both = a_status(3) | {"spec": {"replicas": 7}}
    answer = await applied(door, "two", both, "status")
    assert answer.status == 200, answer.body
    assert (answer.body["status"]["collisionCount"], answer.body["spec"]["replicas"]) == (3, 0)
    found = owners(answer.body, "one", "two")
    assert found[("two", "Apply", "status")] == {"f:status": {"f:collisionCount": {}}}
    assert set(found) == {("one", "Apply", ""), ("two", "Apply", "status")}
    assert "f:status" not in found[("one", "Apply", "")]


async def test_a_status_that_is_applied_by_the_way_is_neither_kept_nor_owned(door: Door) -> None:
    answer = await applied(door, "one", a_deployment() | a_status(9))
    assert answer.status == 201 and not answer.body["status"].get("collisionCount")
    assert "f:status" not in owners(answer.body, "one")[("one", "Apply", "")]
    answer = await applied(door, "one", a_deployment(minReadySeconds=1) | a_status(9))
    assert not answer.body["status"].get("collisionCount")
    assert "f:status" not in owners(answer.body, "one")[("one", "Apply", "")]


async def test_two_who_apply_a_status_are_in_conflict_until_one_is_forced(door: Door) -> None:
    await applied(door, "one", a_deployment())
    await applied(door, "two", a_status(3), "status")
    refused = await applied(door, "three", a_status(4), "status")
    assert refused.refusal == (409, "Conflict")
    assert 'conflict with "two" with subresource "status"' in refused.body["message"]
    forced = await applied(door, "three", a_status(4), "status", force="true")
    assert forced.body["status"]["collisionCount"] == 4
    assert set(owners(forced.body, "two", "three")) == {("three", "Apply", "status")}


async def test_what_is_no_longer_applied_to_a_status_goes(door: Door) -> None:
    await applied(door, "one", a_deployment())
    condition = {"type": "Odd", "status": "True", "reason": "R", "message": "m"}
    stamps = dict.fromkeys(("lastUpdateTime", "lastTransitionTime"), "2026-01-01T00:00:00Z")
    first = await applied(door, "two", a_status(3, conditions=[condition | stamps]), "status")
    assert "Odd" in [each["type"] for each in first.body["status"]["conditions"]]
    less = await applied(door, "two", a_status(3), "status")
    assert "Odd" not in [each["type"] for each in less.body["status"].get("conditions", [])]
    same = await applied(door, "two", a_status(3), "status")
    assert owners(same.body, "two") == owners(less.body, "two")


async def test_who_writes_a_status_otherwise_owns_it_by_that_subresource(door: Door) -> None:
    await applied(door, "one", a_deployment())
    patched = await door.ask("PATCH", f"{WEB}/status", a_status(5), kind=MERGE, fieldManager="hand")
    assert owners(patched.body, "hand") == {
        ("hand", "Update", "status"): {"f:status": {"f:collisionCount": {}}}
    }
    refused = await applied(door, "two", a_status(6), "status")
    assert refused.refusal == (409, "Conflict")
    body = {"spec": {"paused": True}}
    changed = (await door.ask("PATCH", WEB, body, kind=MERGE, fieldManager="hand")).body
    assert owners(changed, "hand") == {
        ("hand", "Update", "status"): {"f:status": {"f:collisionCount": {}}},
        ("hand", "Update", ""): {"f:spec": {"f:paused": {}}},
    }


async def test_a_scale_is_read_and_written_by_itself(door: Door) -> None:
    await door.make("apps/v1:deployments", a_deployment())
    found = (await door.get(f"{WEB}/scale")).body
    assert (found["kind"], found["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert found["spec"].get("replicas", 0) == 0
    assert found["status"] == {"replicas": 0, "selector": "app=web"}
    await door.ask("PATCH", WEB, {"spec": {"paused": True}}, kind=MERGE)
    stale = await door.ask("PUT", f"{WEB}/scale", found | {"spec": {"replicas": 2}})
    assert stale.refusal == (409, "Conflict")
    del found["metadata"]["resourceVersion"]
    scaled = await door.ask("PUT", f"{WEB}/scale", found | {"spec": {"replicas": 2}})
    assert (scaled.status, scaled.body["spec"]["replicas"]) == (200, 2)
    patched = await door.ask("PATCH", f"{WEB}/scale", {"spec": {"replicas": 1}}, kind=MERGE)
    assert (patched.body["kind"], patched.body["spec"]["replicas"]) == ("Scale", 1)
    assert (await door.get(WEB)).body["spec"]["replicas"] == 1
    wrong = await door.ask("PATCH", f"{WEB}/scale", {"spec": {"replicas": -1}}, kind=MERGE)
    assert wrong.refusal == (422, "Invalid")
