"""Node auto repair's decisions: cordon, wait, replace or reboot, how many at once, and when none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nodeyard.model.nodegroup import RepairConfig, RepairOverride
from nodeyard.model.repair import RepairAction, RepairMemory
from nodeyard.model.standstill import Pause, Standstill
from nodeyard.planner import repair
from nodeyard.planner.membership import Member
from nodeyard.planner.repair import Observation, Plan, Policy, actions
from nodeyard.ports import Condition, Pod
from tests.nouns import NOON, a_member, a_node, a_pod

MINUTE = timedelta(minutes=1)
NETWORK = ("NetworkingReady", "IPAMDNotRunning")
XID31 = ("AcceleratedHardwareReady", "NvidiaXID31Error")
FRESH = RepairMemory()


def sick(number: int, trouble: tuple[str, str] = NETWORK, *, since: datetime = NOON, **node: Any) -> Member:
    condition, reason = trouble
    conditions = {
        "Ready": Condition("True", "KubeletReady", "", NOON),
        condition: Condition("False", reason, "it hurts", since),
    }
    name = f"ip-10-0-0-{number}"
    return a_member(number, a_node(name=name, uid=f"n-{number}", conditions=conditions, **node))


def look(
    members: list[Member],
    minutes: float = 0,
    memory: RepairMemory = FRESH,
    pods: dict[str, tuple[Pod, ...]] | None = None,
    **config: Any,
) -> Plan:
    policy = Policy(RepairConfig(**({"enabled": True} | config)))
    return repair.plan(policy, Observation(tuple(members), pods or {}), memory, NOON + minutes * MINUTE)


def started(plan: Plan) -> list[str]:
    return [each.instance for each in plan.memory.repairs]


def kinds(plan: Plan) -> list[str]:
    return [note.kind for note in plan.notes]


def asked(plan: Plan) -> list[tuple[str, str]]:
    """Return the actions as (word, node or instance)."""
    return [
        (
            type(each).__name__,
            each.instance if isinstance(each, actions.Terminate | actions.Reboot) else each.node.name,
        )
        for each in plan.actions
    ]


def test_a_healthy_group_asks_for_nothing() -> None:
    plan = look([a_member(1), a_member(2)], 600)
    assert plan == Plan(FRESH)
    assert repair.idle(plan.memory)


def test_repair_is_off_unless_it_is_enabled() -> None:
    assert look([sick(1)], 600, enabled=False) == Plan(FRESH)


def test_an_unhealthy_node_is_cordoned_at_once_and_waited_for() -> None:
    plan = look([sick(1), a_member(2)], 1)
    assert asked(plan) == [("Cordon", "ip-10-0-0-1")]
    assert plan.memory.cordoned == ("i-1",)
    assert started(plan) == []
    assert plan.look_again == NOON + 30 * MINUTE
    assert "NetworkingReady has been bad (IPAMDNotRunning: it hurts) for 1 min" in plan.waits[0].because
    assert "the default is to wait 30: to be replaced at 12:30:00Z" in plan.waits[0].because
    assert kinds(plan) == ["NodeUnhealthy"]


def test_what_was_said_is_not_said_again() -> None:
    first = look([sick(1)], 1)
    again = look([sick(1, unschedulable=True)], 2, first.memory)
    assert (again.memory, again.actions, kinds(again)) == (first.memory, (), [])


@pytest.mark.parametrize(("trouble", "minutes"), [(NETWORK, 30), (XID31, 10)])
def test_a_repair_begins_when_the_wait_is_over_and_not_before(trouble: tuple[str, str], minutes: int) -> None:
    assert started(look([sick(1, trouble)], minutes - 0.01)) == []
    plan = look([sick(1, trouble)], minutes)
    assert started(plan) == ["i-1"] and plan.again
    assert "NodeRepairStarted" in kinds(plan)


def test_the_wait_begins_anew_when_the_condition_was_good_meanwhile() -> None:
    first = look([sick(1)], 1)
    later = look([sick(1, since=NOON + 20 * MINUTE)], 31, first.memory)
    assert started(later) == [] and later.look_again == NOON + 50 * MINUTE


def test_a_node_that_recovers_is_given_back() -> None:
    first = look([sick(1)], 1)
    well = a_member(1, a_node(name="ip-10-0-0-1", unschedulable=True))
    second = look([well], 5, first.memory)
    assert asked(second) == [("Uncordon", "ip-10-0-0-1")]
    assert second.memory.cordoned == ("i-1",), "kept until it is seen to be schedulable"
    assert look([a_member(1)], 6, second.memory) == Plan(FRESH)


def test_a_cordon_of_somebody_else_stays() -> None:
    first = look([sick(1, unschedulable=True)], 1)
    assert first.actions == () and first.memory.cordoned == ()
    well = a_member(1, a_node(name="ip-10-0-0-1", unschedulable=True))
    assert look([well], 5, first.memory) == Plan(FRESH)


def test_a_missing_node_object_is_missed_from_the_first_look_and_replaced_without_a_drain() -> None:
    gone = a_member(1, joined=False)
    first = look([gone], 5)
    assert first.look_again == NOON + 35 * MINUTE and first.actions == ()
    begun = look([gone], 35, first.memory)
    assert started(begun) == ["i-1"]
    assert "instance i-1 has had no Node object for 30 min" in begun.memory.repairs[0].because
    ended = look([gone], 35, begun.memory)
    assert asked(ended) == [("Terminate", "i-1")]


@pytest.mark.parametrize("state", ["Pending", "Pending:Wait", "Terminating:Wait", "Standby"])
def test_instances_that_come_or_go_are_left_alone(state: str) -> None:
    absent = a_member(1, joined=False, lifecycle_state=state)
    assert look([absent], 600) == Plan(FRESH)


def test_a_replacement_empties_its_node_then_ends_the_instance() -> None:
    begun = look([sick(1)], 30)
    ill = sick(1, unschedulable=True)
    drain = begun.memory.repairs[0].drain
    assert drain is not None and drain.limit == NOON + 45 * MINUTE
    sweeping = look([ill], 31, begun.memory, {"ip-10-0-0-1": (a_pod(),)})
    assert asked(sweeping) == [("Sweep", "ip-10-0-0-1")]
    assert sweeping.memory.repairs[0].drain == drain, "the limit is not begun again"
    assert sweeping.look_again == NOON + 31 * MINUTE + timedelta(seconds=5)
    empty = look([ill], 32, sweeping.memory)
    assert asked(empty) == [("Terminate", "i-1")]
    leaving = look([a_member(1, ill.node, lifecycle_state="Terminating:Wait")], 33, empty.memory)
    assert leaving.actions == () and started(leaving) == ["i-1"]
    gone = look([a_member(2)], 34, leaving.memory)
    assert repair.idle(gone.memory)
    assert kinds(gone) == ["NodeReplaced"]
    assert "i-1 is gone after 4 min and Auto Scaling replaces it: NetworkingReady" in gone.notes[0].because


def test_a_node_that_cannot_be_emptied_goes_after_15_minutes_with_the_names_of_its_pods() -> None:
    begun = look([sick(1)], 30)
    pods = {"ip-10-0-0-1": (a_pod(name="db-0"),)}
    before = look([sick(1, unschedulable=True)], 44.9, begun.memory, pods)
    assert asked(before) == [("Sweep", "ip-10-0-0-1")]
    after = look([sick(1, unschedulable=True)], 45, before.memory, pods)
    assert asked(after) == [("Terminate", "i-1")]
    assert (
        after.actions[0].because == "node ip-10-0-0-1 is replaced after 15 min with 1 pod left: default/db-0"
    )


def test_a_termination_that_was_lost_is_asked_for_again() -> None:
    begun = look([sick(1)], 30)
    ended = look([sick(1, unschedulable=True)], 31, begun.memory)
    again = look([sick(1, unschedulable=True)], 32, ended.memory)
    assert asked(again) == [("Terminate", "i-1")]
    assert again.memory == ended.memory


def test_a_node_that_recovers_while_it_is_emptied_stays() -> None:
    begun = look([sick(1)], 30)
    well = a_member(1, a_node(name="ip-10-0-0-1", unschedulable=True))
    plan = look([well], 31, begun.memory, {"ip-10-0-0-1": (a_pod(),)})
    assert asked(plan) == [("Uncordon", "ip-10-0-0-1")]
    assert started(plan) == [] and kinds(plan) == ["NodeRecovered"]


def test_a_reboot_is_asked_for_once_and_ends_when_the_node_is_healthy() -> None:
    begun = look([sick(1, XID31)], 10)
    assert begun.memory.repairs[0].action is RepairAction.REBOOT
    ill = sick(1, XID31, unschedulable=True)
    asking = look([ill], 10, begun.memory)
    assert asked(asking) == [("Reboot", "i-1")]
    done = replace(asking.memory.repairs[0], done=NOON + 10 * MINUTE)
    waiting = look([ill], 12, replace(asking.memory, repairs=(done,)))
    assert waiting.actions == () and waiting.look_again == NOON + 20 * MINUTE
    well = a_member(1, a_node(name="ip-10-0-0-1", unschedulable=True))
    healthy = look([well], 13, waiting.memory)
    assert asked(healthy) == [("Uncordon", "ip-10-0-0-1")]
    assert kinds(healthy) == ["NodeRebooted"]


def test_a_reboot_that_does_not_help_ends_in_a_replacement() -> None:
    begun = look([sick(1, XID31)], 10)
    done = replace(begun.memory.repairs[0], done=NOON + 10 * MINUTE)
    ill = sick(1, XID31, unschedulable=True)
    plan = look([ill], 20, replace(begun.memory, repairs=(done,)))
    (held,) = plan.memory.repairs
    assert held.action is RepairAction.REPLACE and plan.again
    assert held.because.startswith("a reboot did not help within 10 min")


def test_one_node_is_repaired_at_a_time_unless_the_group_says_otherwise() -> None:
    four = [sick(n) for n in range(1, 5)]
    assert started(look(four, 30)) == ["i-1"]
    assert started(look(four, 30, max_parallel_nodes_repaired_count=3)) == ["i-1", "i-2", "i-3"]
    assert started(look(four, 30, max_parallel_nodes_repaired_percentage=50)) == ["i-1", "i-2"]
    assert started(look(four, 30, max_parallel_nodes_repaired_percentage=51)) == ["i-1", "i-2", "i-3"]
    assert started(look(four, 30, max_parallel_nodes_repaired_percentage=1)) == ["i-1"]


def test_a_repair_that_is_over_makes_room_for_the_next() -> None:
    first = look([sick(1), sick(2)], 30)
    second = look([sick(2)], 31, first.memory)
    assert started(second) == ["i-2"]


def test_the_one_that_is_due_longest_comes_first() -> None:
    assert started(look([sick(1, since=NOON + MINUTE), sick(2)], 40)) == ["i-2"]


@pytest.mark.parametrize(
    ("ill", "nodes", "stops"),
    [
        (1, 5, False),
        (5, 5, False),
        (1, 6, False),
        (2, 6, True),
        (2, 10, False),
        (3, 10, True),
        (20, 100, False),
        (21, 100, True),
    ],
)
def test_more_than_a_fifth_of_more_than_five_nodes_stops_repairs(ill: int, nodes: int, stops: bool) -> None:
    members = [sick(n) if n <= ill else a_member(n) for n in range(1, nodes + 1)]
    plan = look(members, 30)
    assert bool(plan.memory.stopped) == stops
    assert (started(plan) == []) == stops
    if stops:
        assert plan.memory.stopped.startswith(f"{ill} of {nodes} nodes are unhealthy")
        assert "NodeRepairsStopped" in kinds(plan)
        assert len([each for each in plan.actions if isinstance(each, actions.Cordon)]) == ill


@pytest.mark.parametrize(
    ("config", "ill", "stops"),
    [
        ({"max_unhealthy_node_threshold_count": 2}, 2, False),
        ({"max_unhealthy_node_threshold_count": 2}, 3, True),
        ({"max_unhealthy_node_threshold_percentage": 50}, 5, False),
        ({"max_unhealthy_node_threshold_percentage": 50}, 6, True),
        ({"max_unhealthy_node_threshold_percentage": 100}, 10, False),
    ],
)
def test_a_threshold_of_the_group_takes_the_place_of_the_default(
    config: dict[str, int], ill: int, stops: bool
) -> None:
    members = [sick(n) if n <= ill else a_member(n) for n in range(1, 11)]
    assert (started(look(members, 30, **config)) == []) == stops


def test_running_repairs_go_on_above_the_threshold() -> None:
    begun = look([sick(1), *(a_member(n) for n in range(2, 7))], 30)
    ill = [sick(1, unschedulable=True), sick(2), sick(3), *(a_member(n) for n in range(4, 7))]
    plan = look(ill, 60, begun.memory)
    assert plan.memory.stopped
    assert ("Terminate", "i-1") in asked(plan)
    assert started(plan) == ["i-1"]


def test_repairs_resume_when_few_enough_are_unhealthy() -> None:
    many = look([sick(1), sick(2), *(a_member(n) for n in range(3, 7))], 40)
    few = look([sick(1, unschedulable=True), *(a_member(n) for n in range(2, 7))], 41, many.memory)
    assert started(few) == ["i-1"] and "NodeRepairsResumed" in kinds(few)


def test_no_action_neither_cordons_nor_counts() -> None:
    override = RepairOverride(*NETWORK, 1, "NoAction")
    assert look([sick(1)], 600, overrides=(override,)) == Plan(FRESH)


def test_an_override_sets_the_wait_and_the_action() -> None:
    override = RepairOverride(*NETWORK, 3, "Reboot")
    assert started(look([sick(1)], 2.9, overrides=(override,))) == []
    plan = look([sick(1)], 3, overrides=(override,))
    assert plan.memory.repairs[0].action is RepairAction.REBOOT
    assert "nodeRepairConfigOverrides is to wait 3" in plan.memory.repairs[0].because


def test_switching_repair_off_gives_nodes_back_and_finishes_what_was_asked_of_aws() -> None:
    begun = look([sick(1), sick(2)], 30)
    ended = look([sick(1, unschedulable=True), sick(2, unschedulable=True)], 31, begun.memory)
    assert ("Terminate", "i-1") in asked(ended)
    off = look([sick(1, unschedulable=True), sick(2, unschedulable=True)], 32, ended.memory, enabled=False)
    assert asked(off) == [("Uncordon", "ip-10-0-0-2"), ("Terminate", "i-1")]
    assert started(off) == ["i-1"]


def test_every_span_shrinks_with_the_clock() -> None:
    policy = Policy(RepairConfig(enabled=True), second=timedelta(milliseconds=100))
    seen = Observation((sick(1),), {})
    assert repair.plan(policy, seen, FRESH, NOON + timedelta(seconds=179)).memory.repairs == ()
    plan = repair.plan(policy, seen, FRESH, NOON + timedelta(seconds=180))
    drain = plan.memory.repairs[0].drain
    assert drain is not None and drain.limit == NOON + timedelta(seconds=270)
    assert "for 30 min" in plan.memory.repairs[0].because


def test_time_in_which_nothing_ran_counts_against_no_wait() -> None:
    begun = look([sick(1)], 30).memory
    hour = Standstill((Pause(NOON + 31 * MINUTE, NOON + 91 * MINUTE),))
    after = begun.resumed(hour)
    assert after.ailments[0].since == NOON + 60 * MINUTE
    drain = after.repairs[0].drain
    assert drain is not None and drain.limit == NOON + 105 * MINUTE


def test_the_same_look_gives_the_same_plan() -> None:
    members = [sick(2), sick(1, XID31), a_member(3, joined=False)]
    assert look(members, 45) == look(members, 45)
