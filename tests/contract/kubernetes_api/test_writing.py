"""Creating, changing and applying objects: what each patch means, what is refused, who owns which field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.kubernetes_api.doors import APPLY, JSON_PATCH, MERGE, STRATEGIC, Answer, Door

Obj = dict[str, Any]
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "1", "b": "2"}}


def a_deployment(**spec: Any) -> Obj:
    containers = [{"name": "app", "image": "app:1"}, {"name": "side", "image": "side:1"}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    whole = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template} | spec
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": whole}


async def test_an_object_is_made_once_and_gone_after_its_deletion(door: Door) -> None:
    made = await door.make("configmaps", MAP)
    assert made["metadata"]["namespace"] == door.space and made["metadata"]["uid"]
    assert (await door.ask("POST", "configmaps", MAP)).refusal == (409, "AlreadyExists")
    assert (await door.get("configmaps/m")).body["data"] == MAP["data"]
    assert (await door.ask("DELETE", "configmaps/m")).status == 200
    for method in ("GET", "DELETE"):
        assert (await door.ask(method, "configmaps/m")).refusal == (404, "NotFound")
    nameless: Obj = {"metadata": {}, "data": {}}
    assert (await door.ask("POST", "configmaps", nameless)).refusal == (422, "Invalid")
    generated = await door.make("configmaps", {"metadata": {"generateName": "x-"}})
    assert generated["metadata"]["name"].startswith("x-") and len(generated["metadata"]["name"]) == 7


async def test_a_write_over_an_older_version_is_a_conflict(door: Door) -> None:
    first = await door.make("configmaps", MAP)
    newer = await door.ask("PUT", "configmaps/m", first | {"data": {"a": "9"}})
    assert newer.status == 200 and newer.version != first["metadata"]["resourceVersion"]
    stale = await door.ask("PUT", "configmaps/m", first)
    assert stale.refusal == (409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version" in str(stale.body)
    old = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "data": {"a": "8"}}
    assert (await door.ask("PATCH", "configmaps/m", old, kind=MERGE)).refusal == (409, "Conflict")
    for preconditions in ({"uid": "another"}, {"resourceVersion": "1"}):
        options = {"preconditions": preconditions}
        assert (await door.ask("DELETE", "configmaps/m", options)).refusal == (409, "Conflict")
    same = await door.ask("PUT", "configmaps/m", newer.body)
    assert same.version == newer.version  # nothing changed, so nothing was written
    moved = newer.body | {"metadata": newer.body["metadata"] | {"name": "other"}}
    assert (await door.ask("PUT", "configmaps/m", moved)).refusal == (400, "BadRequest")
    other = newer.body | {"metadata": newer.body["metadata"] | {"uid": "another"}}
    assert (await door.ask("PUT", "configmaps/m", other)).refusal == (409, "Conflict")


async def test_a_merge_patch_removes_what_is_null_and_replaces_lists(door: Door) -> None:
    await door.make("configmaps", MAP)
    patched = await door.ask("PATCH", "configmaps/m", {"data": {"a": None, "c": "3"}}, kind=MERGE)
    assert patched.body["data"] == {"b": "2", "c": "3"}
    await door.make("apps/v1:deployments", a_deployment())
    one = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:2"}]}}}}
    found = (await door.ask("PATCH", "apps/v1:deployments/web", one, kind=MERGE)).body
    assert [each["name"] for each in found["spec"]["template"]["spec"]["containers"]] == ["app"]
    assert (await door.ask("PATCH", "configmaps/no", {}, kind=MERGE)).refusal == (404, "NotFound")


async def test_a_strategic_patch_merges_lists_by_their_key(door: Door) -> None:
    await door.make("apps/v1:deployments", a_deployment())

    async def patched(containers: list[Obj], **members: Any) -> list[tuple[str, str]]:
        change = {"spec": {"template": {"spec": {"containers": containers, **members}}}}
        answer = await door.ask("PATCH", "apps/v1:deployments/web", change, kind=STRATEGIC)
        assert answer.status == 200, answer.body
        found = answer.body["spec"]["template"]["spec"]["containers"]
        return [(each["name"], each["image"]) for each in found]

    assert await patched([{"name": "app", "image": "app:2"}]) == [("app", "app:2"), ("side", "side:1")]
    order = {"$setElementOrder/containers": [{"name": "side"}, {"name": "app"}]}
    assert await patched([{"name": "app", "image": "app:3"}], **order) == [
        ("side", "side:1"),
        ("app", "app:3"),
    ]
    assert await patched([{"name": "side", "$patch": "delete"}]) == [("app", "app:3")]
    replaced = [{"$patch": "replace"}, {"name": "only", "image": "only:1"}]
    assert await patched(replaced) == [("only", "only:1")]


async def test_a_json_patch_does_all_of_its_steps_or_none(door: Door) -> None:
    await door.make("configmaps", MAP)

    async def patched(*steps: Obj) -> Answer:
        return await door.ask("PATCH", "configmaps/m", list(steps), kind=JSON_PATCH)

    well = await patched(
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "7"},
        {"op": "add", "path": "/data/c~1d", "value": "8"},
        {"op": "remove", "path": "/data/b"},
    )
    # A key of a ConfigMap has no slash, so the whole is refused and nothing is written.
    assert well.refusal == (422, "Invalid")
    again = await patched(
        {"op": "replace", "path": "/data/a", "value": "7"},
        {"op": "move", "from": "/data/b", "path": "/data/c"},
    )
    assert again.body["data"] == {"a": "7", "c": "2"}
    wrong = await patched(
        {"op": "add", "path": "/data/x", "value": "1"}, {"op": "test", "path": "/data/a", "value": "1"}
    )
    assert wrong.refusal == (422, "Invalid")
    assert (await patched({"op": "remove", "path": "/data/none"})).refusal == (422, "Invalid")
    assert (await door.get("configmaps/m")).body["data"] == {"a": "7", "c": "2"}


async def test_an_unknown_kind_of_patch_is_refused(door: Door) -> None:
    await door.make("configmaps", MAP)
    answer = await door.ask("PATCH", "configmaps/m", {}, kind="application/json")
    assert answer.refusal == (415, "UnsupportedMediaType")


async def test_the_status_is_written_by_itself_and_never_by_the_way(door: Door) -> None:
    made = await door.make("apps/v1:deployments", a_deployment() | {"status": {"replicas": 9}})
    assert made["metadata"]["generation"] == 1 and not made["status"].get("replicas")
    path = "apps/v1:deployments/web"
    both = {"status": {"collisionCount": 4}, "spec": {"minReadySeconds": 5}}
    by_itself = await door.ask("PATCH", f"{path}/status", both, kind=MERGE)
    assert by_itself.status == 200, by_itself.body
    assert by_itself.body["status"]["collisionCount"] == 4
    assert not by_itself.body["spec"].get("minReadySeconds")
    generation = by_itself.body["metadata"]["generation"]
    both["status"]["collisionCount"] = 5
    changed = (await door.ask("PATCH", path, both, kind=MERGE)).body
    assert (changed["status"]["collisionCount"], changed["spec"]["minReadySeconds"]) == (4, 5)
    assert changed["metadata"]["generation"] == generation + 1


async def test_a_dry_run_changes_nothing(door: Door) -> None:
    made = await door.ask("POST", "configmaps", MAP, dryRun="All")
    assert made.status == 201
    assert (await door.get("configmaps/m")).status == 404
    await door.make("configmaps", MAP)
    assert (await door.ask("DELETE", "configmaps/m", dryRun="All")).status == 200
    patched = await door.ask("PATCH", "configmaps/m", {"data": {"a": "9"}}, kind=MERGE, dryRun="All")
    assert patched.body["data"]["a"] == "9"
    assert (await door.get("configmaps/m")).body["data"] == MAP["data"]
    assert (await door.ask("POST", "configmaps", MAP, dryRun="Some")).refusal[0] in (400, 422)


# --- server-side apply ---


async def applied(door: Door, manager: str, data: Obj, **query: str) -> Answer:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": data}
    return await door.ask("PATCH", "configmaps/m", body, kind=APPLY, fieldManager=manager, **query)


async def test_apply_makes_owns_and_takes_away_what_it_owned(door: Door) -> None:
    assert (await applied(door, "one", {"a": "1", "b": "2"})).status == 201
    again = await applied(door, "one", {"a": "1"})
    assert (again.status, again.body["data"]) == (200, {"a": "1"})
    managers = [(each["manager"], each["operation"]) for each in again.body["metadata"]["managedFields"]]
    assert managers == [("one", "Apply")]
    assert again.body["metadata"]["managedFields"][0]["fieldsV1"] == {"f:data": {"f:a": {}}}
    same = await applied(door, "one", {"a": "1"})
    assert same.version == again.version


async def test_apply_of_another_manager_is_a_conflict_until_it_is_forced(door: Door) -> None:
    await applied(door, "one", {"a": "1"})
    both = await applied(door, "two", {"a": "1", "b": "2"})
    assert both.body["data"] == {"a": "1", "b": "2"}
    refused = await applied(door, "three", {"a": "9"})
    assert refused.refusal == (409, "Conflict")
    causes = refused.body["details"]["causes"]
    assert {each["reason"] for each in causes} == {"FieldManagerConflict"}
    assert {each["field"] for each in causes} == {".data.a"}
    forced = await applied(door, "three", {"a": "9"}, force="true")
    assert forced.body["data"] == {"a": "9", "b": "2"}
    owners = {
        each["manager"]: each["fieldsV1"].get("f:data") for each in forced.body["metadata"]["managedFields"]
    }
    assert owners == {"two": {"f:b": {}}, "three": {"f:a": {}}}


async def test_apply_needs_a_manager_and_shares_with_updates(door: Door) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {}}
    assert (await door.ask("PATCH", "configmaps/m", body, kind=APPLY)).refusal[0] in (400, 422)
    await applied(door, "one", {"a": "1"})
    await door.ask("PATCH", "configmaps/m", {"data": {"a": "5"}}, kind=MERGE, fieldManager="hand")
    refused = await applied(door, "one", {"a": "1"})
    assert refused.refusal == (409, "Conflict") and 'conflict with "hand"' in refused.body["message"]


async def test_apply_merges_containers_by_name(door: Door) -> None:
    path = "apps/v1:deployments/web"
    first = a_deployment()
    made = await door.ask("PATCH", path, first, kind=APPLY, fieldManager="one")
    assert made.status == 201, made.body
    side = {"name": "extra", "image": "extra:1"}
    more = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    more |= {"spec": {"template": {"spec": {"containers": [side]}}}}
    answer = await door.ask("PATCH", path, more, kind=APPLY, fieldManager="two")
    names = [each["name"] for each in answer.body["spec"]["template"]["spec"]["containers"]]
    assert names == ["app", "side", "extra"]
    less = a_deployment()
    less["spec"]["template"]["spec"]["containers"].pop()
    answer = await door.ask("PATCH", path, less, kind=APPLY, fieldManager="one")
    names = [each["name"] for each in answer.body["spec"]["template"]["spec"]["containers"]]
    assert names == ["app", "extra"]


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"name": "m"}, "data": {"not a key": "x"}},
        {"metadata": {"name": "Not_A_Name"}},
        {"metadata": {"name": "m", "labels": {"not a label!": "x"}}},
        {"metadata": {"name": "m", "labels": {"a": "not a value!"}}},
    ],
)
async def test_what_is_not_valid_is_refused_with_its_field(door: Door, body: Obj) -> None:
    refused = await door.ask("POST", "configmaps", body)
    assert refused.refusal == (422, "Invalid")
    assert refused.body["details"]["causes"][0]["field"].split("[")[0].split(".")[0] in ("data", "metadata")
