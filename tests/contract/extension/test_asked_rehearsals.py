"""A rehearsal that a caller asks for: its choices reach the rehearser, its findings come back whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from nodeyard.flows.hands import Hands
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.model.rehearsal import Ask, Rehearsal
from nodeyard.ports import Kubernetes, Unavailable
from tests.doorway import Doorway
from tests.nouns import a_nodegroup
from tests.unit.planner.test_insights import BLOCKED

PLACE = {"clusterName": "prod", "nodegroupName": "blue"}


class Stage:
    """A rehearser that gives one answer and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.busy = False

    async def rehearse(self, kubernetes: Kubernetes, ask: Ask) -> Rehearsal:
        self.asked.append(ask)
        if self.busy:
            raise Unavailable("8 other rehearsals are under way", operation="rehearse")
        return BLOCKED


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def doorway(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doorway]:
    def with_stage(*hands: Any) -> Hands:
        return replace(Hands(*hands), rehearser=stage)

    monkeypatch.setattr("tests.doorway.Hands", with_stage)
    made = Doorway(tmp_path)
    made.has_cluster()
    made.has(a_nodegroup(update_config=UpdateConfig(max_unavailable=2)))
    yield made
    made.close()


@pytest.fixture
def client(doorway: Doorway) -> Any:
    return doorway.client(name="nodeyard")


def test_the_choices_of_the_caller_are_rehearsed(client: Any, stage: Stage) -> None:
    client.rehearse_nodegroup_update(**PLACE)
    client.rehearse_nodegroup_update(**PLACE, force=True, updateStrategy="MINIMAL", runs=3)
    plain, chosen = stage.asked
    assert (plain.nodegroup, plain.force, plain.runs, plain.ways_out) == ("blue", False, 5, True)
    assert plain.update_config == UpdateConfig(max_unavailable=2)
    assert (chosen.force, chosen.runs) == (True, 3)
    assert chosen.update_config == UpdateConfig(max_unavailable=2, update_strategy="MINIMAL")


def test_every_finding_comes_back(client: Any) -> None:
    found = client.rehearse_nodegroup_update(**PLACE)["rehearsal"]
    assert (found["verdict"], found["sentence"]) == (BLOCKED.verdict, BLOCKED.sentence)
    assert (found["secondsP50"], found["secondsP90"], found["secondsP99"]) == (240.0, 250.0, 260.0)
    fatal, waiting = found["blockers"]
    assert (fatal["budget"], fatal["help"], fatal["fatal"]) == ("shop/web", "scale it", True)
    assert (waiting["code"], waiting["fatal"]) == ("PodsNotReady", False)
    assert [found[each][0]["name"] for each in ("outages", "unplaced", "notes")] == [
        "shop/one",
        "shop/db",
        "shop/alone",
    ]
    assert found["waysOut"] == ["scale Deployment shop/web to 4 replicas"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"nodegroupName": "green"}, "ResourceNotFoundException"),
        ({"updateStrategy": "SOON"}, "InvalidParameterException"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(client: Any, stage: Stage, members: Any, code: str) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.rehearse_nodegroup_update(**(PLACE | members))
    assert refused.value.response["Error"]["Code"] == code
    assert stage.asked == []


def test_a_group_without_nodes_has_nothing_to_rehearse(doorway: Doorway, client: Any) -> None:
    group = doorway.group()
    assert group is not None
    doorway.change_group(scaling=replace(group.scaling, minimum=0, desired=0))
    with pytest.raises(botocore.exceptions.ClientError, match="blue has no nodes"):
        client.rehearse_nodegroup_update(**PLACE)


def test_a_service_that_is_busy_rehearsing_says_so(client: Any, stage: Stage) -> None:
    stage.busy = True
    with pytest.raises(botocore.exceptions.ClientError, match="8 other rehearsals") as refused:
        client.rehearse_nodegroup_update(**PLACE)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
