"""How machines boot and what they register: the way of the catalog, or another that a simulation gives."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

from nodeyard.world.aws.fleet import Machine

BOOT_S = (10.0, 40.0)


class Habits(Protocol):
    """What may differ from machine to machine."""

    def boot_s(self, machine: Machine) -> float:
        """Return how long a machine takes from running to its Node. Units: simulated seconds."""
        ...

    def node(self, machine: Machine, usual: dict[str, Any]) -> dict[str, Any]:
        """Return the Node that a machine registers in place of the usual one; its name stays."""
        ...


class UsualHabits:
    """Boots within BOOT_S and registers what the catalog knows of its type."""

    def boot_s(self, machine: Machine) -> float:
        least, most = BOOT_S
        # The same after every restart, without a record: it follows from the id.
        return least + (most - least) * (zlib.crc32(machine.id.encode()) % 1000 / 1000)

    def node(self, machine: Machine, usual: dict[str, Any]) -> dict[str, Any]:
        return usual


USUAL = UsualHabits()
