"""The menu of faults and its switches."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.model.health import IssueCode
from nodeyard.ports import Invalid, NotFound
from nodeyard.simulation import Simulation
from nodeyard.world.faults import Faults
from tests.fakes import FakeClock
from tests.unit.health.ward import GROUP, Ward


def test_every_issue_code_has_a_fault_that_raises_it() -> None:
    raised = {code for kind in Faults(FakeClock(), SeededIds(1)).menu() for code in kind.codes}
    assert raised == {code.value for code in IssueCode}


def test_the_menu_is_in_order_and_every_fault_says_in_a_sentence_what_it_does() -> None:
    menu = Faults(FakeClock(), SeededIds(1)).menu()
    assert [each.name for each in menu] == sorted(each.name for each in menu)
    assert all(each.summary[0].isupper() and each.summary.endswith(".") for each in menu)
    assert all(("amount" in each.takes) == bool(each.amount_means) for each in menu)


def test_a_fault_ends_by_itself_when_its_time_is_over(ward: Ward) -> None:
    ward.create()
    ward.faults.set("template-drift", group=GROUP, seconds=120)
    ward.until_issue("Ec2LaunchTemplateVersionMismatch")
    ward.until_well("Ec2LaunchTemplateVersionMismatch")
    assert ward.faults.active() == ()


def test_a_fault_for_another_group_concerns_nobody_else(ward: Ward) -> None:
    ward.create()
    ward.faults.set("deleted-image", group="green")
    ward.simulation.run_for(300)
    assert ward.issues() == {}


def test_a_fault_that_is_set_survives_a_restart(tmp_path: Path) -> None:
    with Simulation(seed=1) as simulation:
        path = tmp_path / "faults.json"
        before = Faults(simulation.clock, SeededIds(1), path)
        id = before.set("zone-starve", zone="eu-west-1a", seconds=600)
        after = Faults(simulation.clock, SeededIds(2), path)
        simulation.do(after.start())
        assert [(each.id, each.zone) for each in after.active()] == [(id, "eu-west-1a")]
        assert after.clear("zone-starve") == (id,)
        assert after.active() == ()
        simulation.do(after.stop())


def test_a_name_that_is_not_on_the_menu_gets_a_hint() -> None:
    with pytest.raises(Invalid, match="did you mean zone-starve"):
        Faults(FakeClock(), SeededIds(1)).set("zone-starv")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"zone": "eu-west-1a"}, "heeds no zone"),
        ({"seconds": 0.0}, "seconds is"),
        ({"amount": 1}, "no amount"),
    ],
)
def test_a_scope_that_a_fault_does_not_take_is_refused(members: dict[str, object], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        Faults(FakeClock(), SeededIds(1)).set("deleted-image", **members)  # type: ignore[arg-type]


def test_clearing_what_is_not_on_says_so() -> None:
    faults = Faults(FakeClock(), SeededIds(1))
    assert faults.clear("all") == ()
    with pytest.raises(NotFound):
        faults.clear("zone-starve")


def test_a_spot_storm_takes_spot_instances_and_they_are_replaced(ward: Ward) -> None:
    ward.create(capacity_type="SPOT")
    before = {each.id for each in ward.simulation.auto_scaling_group(GROUP).instances}
    ward.faults.set("spot-storm", group=GROUP, seconds=90)
    ward.simulation.run_for(1200)
    after = ward.simulation.auto_scaling_group(GROUP).instances
    assert len([each for each in after if each.lifecycle_state == "InService"]) == 2
    assert {each.id for each in after} != before


def test_every_issue_code_has_a_test_of_its_own_in_this_folder() -> None:
    bodies = {
        found.name: ast.unparse(found)
        for file in Path(__file__).parent.glob("test_issues_*.py")
        for found in ast.parse(file.read_text()).body
        if isinstance(found, ast.FunctionDef)
    }
    for code in IssueCode:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", code.value).lower()
        own = [body for name, body in bodies.items() if name.startswith(f"test_{words}_")]
        assert any(f"'{code.value}'" in body for body in own), f"no test of its own expects {code.value}"
