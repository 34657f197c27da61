"""The switches: which faults are on, kept on disk, with an end in time. Implements `ports.Faults`.

The world asks `active` or `on`; whoever must do something when a fault comes or goes listens.
"""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from nodeyard.model import standstill
from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace
from nodeyard.ports import ActiveFault, Clock, FaultKind, Ids, Invalid, NotFound
from nodeyard.world.errors import WorldDataError
from nodeyard.world.faults import scopes
from nodeyard.world.faults.menu import KINDS, MENU

ALL = "all"
AMOUNT_MAX = 1_000_000


class Faults:
    """See `ports.Faults`. `path` None: nothing is kept."""

    def __init__(self, clock: Clock, ids: Ids, path: Path | None = None) -> None:
        self._clock = clock
        self._ids = ids
        self._path = path
        self._set: list[ActiveFault] = []
        self._listeners: list[Callable[[], None]] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # --- life ---

    async def start(self, stood: Standstill = standstill.NONE) -> None:
        """Read what was kept, with ends as far away as they were. Raises: WorldDataError."""
        self._load(stood)
        self._task = asyncio.create_task(self._run(), name="faults")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after a fault was switched on or off, or ended."""
        self._listeners.append(callback)

    # --- ports.Faults ---

    def menu(self) -> tuple[FaultKind, ...]:
        return KINDS

    def active(self) -> tuple[ActiveFault, ...]:
        if not self._set:
            return ()
        now = self._clock.now()
        return tuple(each for each in self._set if each.until is None or each.until > now)

    def set(
        self,
        name: str,
        *,
        group: str | None = None,
        zone: str | None = None,
        seconds: float | None = None,
        amount: int | None = None,
    ) -> str:
        kind = MENU.get(name)
        if kind is None:
            near = difflib.get_close_matches(name, MENU, 1)
            hint = f"did you mean {near[0]}?" if near else f"the menu has {', '.join(MENU)}."
            raise Invalid(f"There is no fault named {name!r}: {hint}")
        _check(kind, {"group": group, "zone": zone, "amount": amount}, seconds)
        made = ActiveFault(
            id=f"fault-{self._ids.hex(8)}",
            name=name,
            since=self._clock.now(),
            until=None if seconds is None else self._clock.after(seconds),
            group=group,
            zone=zone,
            amount=kind.amount_default if amount is None else amount,
        )
        self._keep([*self.active(), made])
        return made.id

    def clear(self, which: str) -> tuple[str, ...]:
        gone = [each for each in self.active() if which in (ALL, each.id, each.name)]
        if not gone and which != ALL:
            raise NotFound(f"No fault {which!r} is on: list the faults that are.")
        self._keep([each for each in self.active() if each not in gone])
        return tuple(each.id for each in gone)

    # --- what the world asks ---

    def on(self, name: str, *, group: str | None = None, zone: str | None = None) -> ActiveFault | None:
        """Return the fault of this name that is on for a group and zone, None where there is none."""
        return scopes.first(self.active(), name, group=group, zone=zone)

    # --- keeping ---

    def _keep(self, faults: list[ActiveFault]) -> None:
        self._write(faults)
        self._set = faults
        self._changed.set()
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    async def _run(self) -> None:
        """Tell of faults whose time is over."""
        while True:
            self._changed.clear()
            ends = [each.until for each in self._set if each.until is not None]
            await self._clock.wait(self._changed, min(ends, default=None))
            left = list(self.active())
            if left != self._set:
                self._keep(left)

    def _write(self, faults: list[ActiveFault]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(faults))
        os.replace(fresh, self._path)

    def _load(self, stood: Standstill) -> None:
        if self._path is None or not self._path.exists():
            return
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=list[ActiveFault])
        except (OSError, msgspec.MsgspecError) as error:
            raise WorldDataError(
                f"The faults in {self._path} cannot be read: {error}. Remove the file to begin with none."
            ) from error

        self._set = [_resumed(each, stood) for each in kept if each.name in MENU]


def _resumed(fault: ActiveFault, stood: Standstill) -> ActiveFault:
    return fault if fault.until is None else replace(fault, until=stood.limit(fault.until))


def _check(kind: FaultKind, scope: dict[str, str | int | None], seconds: float | None) -> None:
    for member, value in scope.items():
        if value is not None and member not in kind.takes:
            takes = f"it takes {', '.join(kind.takes)}" if kind.takes else "it takes none"
            raise Invalid(f"Fault {kind.name} heeds no {member}: {takes}.")
    amount = scope["amount"]
    if isinstance(amount, int) and not 0 <= amount <= AMOUNT_MAX:
        raise Invalid(f"amount is {amount}: choose 0 to {AMOUNT_MAX}.")
    if seconds is not None and not 0 < seconds <= AMOUNT_MAX:
        raise Invalid(f"seconds is {seconds}: choose more than 0 and at most {AMOUNT_MAX}.")
