"""The table of node conditions, row by row, and the overrides of a group."""

from __future__ import annotations

import pytest

from nodeyard.model.nodegroup import RepairConfig, RepairOverride
from nodeyard.model.repair import RepairAction
from nodeyard.planner.repair import conditions
from nodeyard.planner.repair.conditions import MISSING, Treatment
from nodeyard.ports import Condition
from tests.nouns import NOON, a_node

REPLACE, REBOOT, NOTHING = RepairAction.REPLACE, RepairAction.REBOOT, RepairAction.NO_ACTION
DEFAULT = RepairConfig(enabled=True)


@pytest.mark.parametrize(
    ("condition", "reason", "action", "minutes"),
    [
        ("Ready", "KubeletNotReady", REPLACE, 30),
        ("Ready", "NodeStatusUnknown", REPLACE, 30),
        (MISSING, "", REPLACE, 30),
        ("NetworkingReady", "IPAMDNotRunning", REPLACE, 30),
        ("NetworkingReady", "MissingLoopbackInterface", REPLACE, 30),
        ("StorageReady", "EBSVolumeIOPSExceeded", REPLACE, 30),
        ("KernelReady", "ForkFailedOutOfPIDs", REPLACE, 30),
        ("ContainerRuntimeReady", "PodStuckTerminating", REPLACE, 30),
        *[
            ("AcceleratedHardwareReady", f"NvidiaXID{n}Error", REBOOT, 10)
            for n in (13, 31, 48, 63, 64, 94, 95)
        ],
        *[
            ("AcceleratedHardwareReady", f"NvidiaXID{n}Error", REPLACE, 10)
            for n in (74, 79, 119, 120, 121, 140)
        ],
        ("AcceleratedHardwareReady", "NvidiaDoubleBitError", REPLACE, 10),
        ("AcceleratedHardwareReady", "NvidiaNVLinkError", REPLACE, 10),
        ("AcceleratedHardwareReady", "NeuronHBMUncorrectableError", REPLACE, 10),
        ("AcceleratedHardwareReady", "DCGMError", NOTHING, 10),
        ("AcceleratedHardwareReady", "DCGMDiagnosticFailure", NOTHING, 10),
        ("NetworkingReady", "NvidiaXID31Error", REPLACE, 30),
    ],
)
def test_each_condition_has_its_wait_and_its_action(
    condition: str, reason: str, action: RepairAction, minutes: int
) -> None:
    assert conditions.treatment(DEFAULT, condition, reason) == Treatment(action, minutes)


@pytest.mark.parametrize("condition", ["DiskPressure", "MemoryPressure", "PIDPressure"])
def test_pressure_is_never_repaired(condition: str) -> None:
    assert conditions.treatment(DEFAULT, condition, "KubeletHasDiskPressure").action is NOTHING


@pytest.mark.parametrize(
    ("condition", "status", "ill"),
    [
        ("Ready", "True", False),
        ("Ready", "False", True),
        ("Ready", "Unknown", True),
        ("NetworkingReady", "True", False),
        ("NetworkingReady", "False", True),
        ("NetworkingReady", "Unknown", False),
        ("StorageReady", "False", True),
        ("KernelReady", "False", True),
        ("ContainerRuntimeReady", "False", True),
        ("AcceleratedHardwareReady", "False", True),
        ("DiskPressure", "True", True),
        ("DiskPressure", "False", False),
        ("SomebodysOwnCondition", "False", False),
    ],
)
def test_a_status_means_trouble_by_the_sense_of_its_condition(condition: str, status: str, ill: bool) -> None:
    node = a_node(conditions={condition: Condition(status, "Because", "words", NOON)})
    assert list(conditions.troubles(node)) == ([(condition, "Because", "words")] if ill else [])


def test_an_override_is_for_one_condition_with_one_reason() -> None:
    override = RepairOverride("NetworkingReady", "InterfaceNotUp", 3, "NoAction")
    config = RepairConfig(enabled=True, overrides=(override,))
    assert conditions.treatment(config, "NetworkingReady", "InterfaceNotUp") == Treatment(NOTHING, 3, True)
    assert conditions.treatment(config, "NetworkingReady", "IPAMDNotReady") == Treatment(REPLACE, 30)
    assert conditions.treatment(config, "KernelReady", "InterfaceNotUp") == Treatment(REPLACE, 30)


@pytest.mark.parametrize("action", ["Replace", "Reboot", "NoAction"])
def test_an_override_can_ask_for_every_action(action: str) -> None:
    override = RepairOverride("AcceleratedHardwareReady", "NvidiaXID31Error", 45, action)
    config = RepairConfig(enabled=True, overrides=(override,))
    found = conditions.treatment(config, "AcceleratedHardwareReady", "NvidiaXID31Error")
    assert found == Treatment(RepairAction(action), 45, True)
