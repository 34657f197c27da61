"""Follow one update to its end: every event asks for another look, silence does too.

The event stream says when to look, and the look says what is there; so nothing is missed when the
service restarts in between, and nothing is shown that is not so any more.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

from nodeyard.cli.connection import Connection
from nodeyard.cli.refusing import CallRefused, Unreachable
from nodeyard.cli.watching import changes
from nodeyard.cli.watching.screens import Screen

Obj = dict[str, Any]

LOOK_S = 1.0
"""Seconds after which to look without an event: nodes become Ready without one."""
GATHER_S = 0.15
"""Seconds in which events are gathered into one look."""
AGAIN_S = 0.5
LAST_WORDS_S = 1.0
"""How long the end of an update waits for the event that tells it."""


class Follower:
    """Reads the event stream on a thread of its own, from a sequence on, across restarts."""

    def __init__(self, connection: Connection, filters: dict[str, str | None], last: int) -> None:
        self.events: queue.Queue[Obj] = queue.Queue(maxsize=10_000)
        self._connection = connection
        self._filters = filters
        self._last = last
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="event stream", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for event in self._connection.events(self._last, **self._filters):
                    if event is not None:
                        self._last = event["sequence"]
                        self.events.put(event)
                    if self._stop.is_set():
                        return
            except CallRefused:
                # The look that follows tells it: it asks the same service.
                self._stop.wait(AGAIN_S)


class Watch:
    """One update until its end. Raises: CallRefused for an update that is not there."""

    def __init__(self, connection: Connection, cluster: str, update: Obj, screen: Screen) -> None:
        self._connection = connection
        self._names = {"clusterName": cluster, "updateId": update["id"]}
        self._id: str = update["id"]
        self._screen = screen
        self._progress: Obj | None = None
        self._lost = ""
        filters = {"cluster": cluster, "update": self._id}
        self._follower = Follower(connection, filters, 0)

    def run(self) -> int:
        """Show the update until it ends and return the exit code that its status has."""
        with self._screen:
            self._follower.start()
            try:
                while True:
                    ended = self._look(self._news())
                    if ended is not None:
                        return ended
            finally:
                self._follower.stop()

    def _news(self) -> list[Obj]:
        """Wait for an event or until it is time to look, and return the events that came."""
        found: list[Obj] = []
        patience = LOOK_S if self._progress is not None else 0.0
        try:
            found.append(self._follower.events.get(timeout=patience) if patience else self._at_once())
            while True:
                found.append(self._follower.events.get(timeout=GATHER_S))
        except queue.Empty:
            return found

    def _at_once(self) -> Obj:
        return self._follower.events.get_nowait()

    def _look(self, events: list[Obj]) -> int | None:
        told = [changes.event(self._id, each) for each in events]
        try:
            after = self._connection.call("describe_update_progress", **self._names)["progress"]
        except Unreachable as error:
            if self._progress is None:
                raise
            if not self._lost:
                self._lost = f"{error.message} Trying again."
                told.append(changes.connection(self._id, alive=False, message=self._lost))
            self._screen.show(self._progress, told, self._lost)
            return None
        if self._lost:
            self._lost = ""
            told.append(changes.connection(self._id, alive=True, message="The service answers again."))
        between = changes.between(self._progress, after)
        end = next((each for each in between if each["type"] == "end"), None)
        if end is not None:
            told += self._last_words(told)
        self._progress = after
        self._screen.show(after, [*told, *between], "")
        return None if end is None else int(end["exitCode"])

    def _last_words(self, told: list[Obj]) -> list[Obj]:
        """Return the events that are still on their way when the update is over already."""
        found: list[Obj] = []
        while not any(each["kind"] in _ENDS for each in [*told, *found] if each["type"] == "event"):
            try:
                found.append(changes.event(self._id, self._follower.events.get(timeout=LAST_WORDS_S)))
            except queue.Empty:
                break
        return found


_ENDS = frozenset(f"Update{status}" for status in changes.EXIT_CODES)
