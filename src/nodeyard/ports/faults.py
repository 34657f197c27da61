"""Faults that the embedded world can be told to have: the seam for the extension API and the CLI.

`world.faults` implements it; where the world is real there is none of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One line of the menu. `takes` are the members of a scope that it heeds, of group, zone, amount."""

    name: str
    summary: str
    """What happens while it is on, in one sentence."""
    takes: tuple[str, ...]
    codes: tuple[str, ...] = ()
    """Health issue codes that it can raise on node groups."""
    amount_means: str = ""
    """What `amount` counts, where the fault takes one."""
    amount_default: int | None = None


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is on. None as group or zone: all of them; None as `until`: until it is cleared."""

    id: str
    name: str
    since: datetime
    until: datetime | None = None
    group: str | None = None
    zone: str | None = None
    amount: int | None = None


class Faults(Protocol):
    """Switches for faults. What is set survives a restart of the process."""

    def menu(self) -> tuple[FaultKind, ...]:
        """Return every fault there is, by name."""
        ...

    def active(self) -> tuple[ActiveFault, ...]:
        """Return the faults that are on now, oldest first."""
        ...

    def set(
        self,
        name: str,
        *,
        group: str | None = None,
        zone: str | None = None,
        seconds: float | None = None,
        amount: int | None = None,
    ) -> str:
        """Switch a fault on and return its id. Units: simulated seconds; None: until cleared.

        Raises: Invalid for a name that is not on the menu, or a scope or bound that it does not take.
        """
        ...

    def clear(self, which: str) -> tuple[str, ...]:
        """Switch off by id, by name, or `all`; return the ids. Raises: NotFound where none is meant."""
        ...
