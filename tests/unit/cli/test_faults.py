"""`nodeyard faults set` prints the id for programs, and for people what the fault waits for."""

from __future__ import annotations

from typing import Any

import pytest

from nodeyard.cli import faults
from nodeyard.cli.main import run


class Service:
    """Answers SetFault."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def call(self, operation: str, **members: Any) -> dict[str, Any]:
        assert (operation, members["name"], members["group"]) == ("set_fault", "never-join", "blu")
        return self._answer


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (
            {"note": "There is no node group blu yet."},
            "There is no node group blu yet. To take the fault back: nodeyard faults clear fault-1\n",
        ),
        ({}, ""),
    ],
)
def test_a_fault_that_waits_for_its_group_says_so_beside_its_id(
    note: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(faults, "connected", lambda *_: Service({"faultId": "fault-1"} | note))
    assert run(["faults", "set", "never-join", "--group", "blu"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("fault-1\n", said)
