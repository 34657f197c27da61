"""One token, one effect: also when both requests come at the same moment."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.doorway import Doorway
from tests.nouns import a_nodegroup

GROUP = {"nodegroupName": "blue", "subnets": ["subnet-a"], "nodeRole": "arn:aws:iam::111122223333:role/node"}


def at_once(door: Doorway, target: str, *bodies: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    async def all_of_them() -> Any:
        calls = (door.sending("POST", target, json.dumps(body).encode()) for body in bodies)
        return await asyncio.gather(*calls)

    return [(status, json.loads(body)) for status, _, body in door.run(all_of_them())]


def test_two_creations_with_one_token_at_once_make_one_group_and_get_one_answer(door: Doorway) -> None:
    body = GROUP | {"clientRequestToken": "t-1"}
    (first, one), (second, two) = at_once(door, "/clusters/prod/node-groups", body, body)
    assert (first, second) == (200, 200)
    assert one == two
    assert door.client().list_nodegroups(clusterName="prod")["nodegroups"] == ["blue"]


def test_two_creations_without_a_token_at_once_make_one_group_and_one_refusal(door: Doorway) -> None:
    answers = at_once(door, "/clusters/prod/node-groups", GROUP, GROUP)
    assert sorted(status for status, _ in answers) == [200, 409]


def test_two_updates_with_one_token_at_once_are_one_update(door: Doorway) -> None:
    door.has(a_nodegroup())
    body = {"labels": {"addOrUpdateLabels": {"a": "b"}}, "clientRequestToken": "t-1"}
    (first, one), (second, two) = at_once(door, "/clusters/prod/node-groups/blue/update-config", body, body)
    assert (first, second) == (200, 200)
    assert one == two
    ids = door.client().list_updates(name="prod", nodegroupName="blue")["updateIds"]
    assert ids == [one["update"]["id"]]


def test_two_clusters_with_one_token_at_once_are_one_cluster(door: Doorway) -> None:
    body = {
        "name": "new",
        "roleArn": "arn:aws:iam::111122223333:role/cluster",
        "resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-b"]},
        "clientRequestToken": "t-1",
    }
    (first, one), (second, two) = at_once(door, "/clusters", body, body)
    assert (first, second, one) == (200, 200, two)
    assert door.client().list_clusters()["clusters"] == ["new", "prod"]


def test_a_token_repeated_later_gets_the_first_result_and_another_body_is_refused(door: Doorway) -> None:
    client = door.client()
    asked = {"clusterName": "prod", "clientRequestToken": "t-1", **GROUP}
    first = client.create_nodegroup(**asked)["nodegroup"]
    again = client.create_nodegroup(**asked)["nodegroup"]
    assert again["nodegroupArn"] == first["nodegroupArn"]
    with pytest.raises(ClientError, match="used before with other parameters") as error:
        client.create_nodegroup(**asked | {"diskSize": 30})
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_new_token_for_a_name_that_exists_is_refused(door: Doorway) -> None:
    client = door.client()
    client.create_nodegroup(clusterName="prod", clientRequestToken="t-1", **GROUP)
    with pytest.raises(ClientError, match="already exists"):
        client.create_nodegroup(clusterName="prod", clientRequestToken="t-2", **GROUP)


def test_ids_of_node_group_updates_are_name_based(door: Doorway) -> None:
    door.has(a_nodegroup())
    update = door.client().update_nodegroup_config(
        clusterName="prod", nodegroupName="blue", labels={"addOrUpdateLabels": {"a": "b"}}
    )["update"]
    assert uuid.UUID(update["id"]).version == 3
