"""Answers that are kept: given out again for an equal record, never for another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from nodeyard.api import service_model, views, written
from nodeyard.api.written import Shown, Written
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.status import NodegroupStatus
from nodeyard.wire.encode import Encoder
from tests.nouns import a_nodegroup

MODEL = service_model.eks()
DESCRIBE = MODEL.operations["DescribeNodegroup"]


class Counting:
    """A view that says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, group: Nodegroup) -> dict[str, Any]:
        self.asked += 1
        return views.nodegroup(group)


def status(answers: Written, group: Nodegroup, view: Counting) -> str:
    response = answers.answer(DESCRIBE, Shown("nodegroup", group, view))
    return str(json.loads(response.body)["nodegroup"]["status"])


def test_an_equal_record_is_written_once_and_a_changed_one_again() -> None:
    answers, view = Written(Encoder(MODEL)), Counting()
    group = a_nodegroup(revision=3)
    assert [status(answers, each, view) for each in (group, group, replace(group))] == ["ACTIVE"] * 3
    assert view.asked == 1
    # The same revision: a database that was put back to a backup counts from there again.
    assert status(answers, replace(group, status=NodegroupStatus.UPDATING), view) == "UPDATING"
    assert status(answers, replace(group, revision=4, status=NodegroupStatus.DELETING), view) == "DELETING"
    assert status(answers, group, view) == "ACTIVE"


def test_no_more_is_kept_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "KEPT", 2)
    answers, view = Written(Encoder(MODEL)), Counting()
    for uuid in ("a", "b", "c", "a", "c"):
        status(answers, a_nodegroup(uuid=uuid), view)
    assert view.asked == 4
