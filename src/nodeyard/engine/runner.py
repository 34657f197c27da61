"""Claim due keys, run the handler on each, give the lease back with the next wake.

One key runs in one worker at a time. Every write goes through `Work.commit`, fenced by the
lease; a worker that lost its lease can write nothing and is told to stop before it acts.
Wake hints only make things prompt: everything is right with polling alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from nodeyard.engine import retry
from nodeyard.engine.work import Handler, Next, Work
from nodeyard.ports import (
    WENT_WELL,
    Changes,
    Clock,
    Fenced,
    Ids,
    Outcome,
    PortError,
    StaleRevision,
    Store,
    Throttled,
    fencing,
)

log = structlog.get_logger(__name__)

FAR_AWAY = datetime(9999, 1, 1, tzinfo=UTC)
"""The wake of a key that only a hint wakes."""

EARLIEST = datetime.min.replace(tzinfo=UTC)

STUCK_S = 5.0
"""Wall seconds beyond the usual after which an engine that took nothing up counts as stuck."""

ASK_AGAIN_S = 0.5
"""Wall seconds after which a store that did not answer is asked again: however seldom we look otherwise,
hints wait for it."""

SAFE_SHARE_OF_LEASE = 2 / 3
"""Stop acting when this share of the lease has passed since it was last renewed."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """How the run under a lease of ours failed."""

    error: str
    token: int
    bug: bool


class Engine:
    """Runs a handler on every due key of the store, at most `concurrency` at once.

    Units: `lease_s` and `poll_s` are wall seconds.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        handler: Handler,
        *,
        concurrency: int = 64,
        lease_s: float = 5.0,
        poll_s: float = 0.5,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._handler = handler
        self._owner = f"worker-{ids.hex(12)}"
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease_s)
        self._poll = timedelta(seconds=poll_s)
        self._wake = asyncio.Event()
        self._never = asyncio.Event()
        self._busy = asyncio.Event()
        self._idle = asyncio.Event()
        """Set while something runs, and while nothing does: leases are renewed only while there are any."""
        self._hints: set[str] = set()
        self._running: dict[str, tuple[Work, asyncio.Task[None]]] = {}
        self._failing: dict[str, _Failure] = {}
        self._stopping = False
        self._looked_at: float | None = None
        self._sleeps_until: datetime | None = None
        """None while the loop is not asleep."""

    @property
    def owner(self) -> str:
        return self._owner

    def failing(self) -> dict[str, str]:
        """Return key -> last error of the keys whose latest run was ours and hit a bug, or what no waiting
        mends."""
        return {key: each.error for key, each in self._failing.items()}

    def bugs(self) -> dict[str, str]:
        """Return those of `failing` that hit a bug."""
        return {key: each.error for key, each in self._failing.items() if each.bug}

    def stuck(self) -> str | None:
        """Return why no work is taken up, None while it is."""
        if self._looked_at is None or self._stopping:
            return "The engine does not run."
        silent = self._clock.steady() - self._looked_at
        if silent > self._poll.total_seconds() + STUCK_S:
            return f"The engine has not looked for work for {silent:.0f} s."
        return None

    def wake(self, key: str | None = None) -> None:
        """Say that a key should run now; None: that the store holds something due."""
        if key is not None:
            self._hints.add(key)
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop` is called; while the store does not answer, ask it again and again."""
        renewer = asyncio.create_task(self._renew_forever(), name="the renewal of leases")
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    await self._persist_hints()
                    await self._claim()
                    await self._leave_to_others()
                    until = await self._idle_until()
                    self._looked_at = self._clock.steady()
                except PortError as failure:
                    log.warning("no work can be taken up", error=failure.message)
                    again = min(self._poll, timedelta(seconds=ASK_AGAIN_S))
                    await self._clock.wait(self._never, self._clock.now() + again)
                    continue
                self._sleeps_until = until
                await self._clock.wait(self._wake, until)
                self._sleeps_until = None
        finally:
            renewer.cancel()

    async def _persist_hints(self) -> None:
        # A hint becomes a due row, so that it is neither lost nor run beside itself.
        hints, self._hints = self._hints, set()
        if hints:
            now = self._clock.now()
            try:
                await self._store.commit(Changes(wake=tuple((key, now) for key in sorted(hints))))
            except PortError:
                self._hints |= hints
                raise

    async def _idle_until(self) -> datetime:
        now = self._clock.now()
        due = await self._store.next_wake(now)
        longest = now + self._poll
        if len(self._running) >= self._concurrency or due is None or due <= now:
            return longest
        return min(due, longest)

    async def _claim(self) -> None:
        room = self._concurrency - len(self._running)
        if room <= 0 or self._stopping:
            return
        now, steady = self._clock.now(), self._clock.steady()
        safe = steady, self._lease.total_seconds() * SAFE_SHARE_OF_LEASE
        for lease in await self._store.claim(self._owner, now, now + self._lease, room):
            work = Work(self._store, self._clock, lease, safe)
            # Our own lease may have run out while this process stood still: the old run ends first.
            _, before = self._running.get(lease.key, (None, None))
            if before is not None:
                before.cancel()
            self._running[lease.key] = (work, asyncio.create_task(self._run_one(work, before)))
            self._idle.clear()
            self._busy.set()

    async def _leave_to_others(self) -> None:
        """Forget the failures of keys that another worker has taken up since."""
        resting = self._failing.keys() - self._running.keys()
        if not resting:
            return
        newest = await self._store.lease_tokens(sorted(resting))
        for key in resting:
            if newest.get(key) != self._failing[key].token:
                del self._failing[key]

    async def _run_one(self, work: Work, before: asyncio.Task[None] | None) -> None:
        fencing.act_under(work.check)
        due: datetime | None = EARLIEST
        try:
            if before is not None:
                await asyncio.wait([before])
            wake_at, outcome = await self._handled(work)
            due = await self._store.finish(work.lease, wake_at, outcome)
        except Fenced:
            log.info("lease lost, work dropped", key=work.key)
        except PortError as failure:
            # The lease runs out by itself, and the key is taken up again, here or elsewhere.
            log.warning("a run could not be finished", key=work.key, error=failure.message)
        finally:
            full = len(self._running) >= self._concurrency
            if self._running.get(work.key, (None, None))[0] is work:
                del self._running[work.key]
            if not self._running:
                self._busy.clear()
                self._idle.set()
            asleep = self._sleeps_until
            # One that sleeps longer than the loop does is not worth a look: thousands end in a minute.
            if full or asleep is None or (due is not None and due < asleep):
                self._wake.set()

    async def _handled(self, work: Work) -> tuple[datetime | None, Outcome]:
        """Run the handler once; return the next wake, None for never, and how it went."""
        attempts = work.lease.attempts
        try:
            after = await self._handler(work)
        except (Fenced, asyncio.CancelledError):
            raise
        except StaleRevision:
            return self._clock.now(), WENT_WELL
        except PortError as failure:
            error = f"{type(failure).__name__}: {failure.message}"
            if not failure.retry:  # no waiting mends it: somebody should know
                self._failing[work.key] = _Failure(error, work.lease.token, bug=False)
            log.warning("the world said no", key=work.key, error=error, attempts=attempts)
            return self._clock.after(self._pause(attempts, failure)), Outcome(error)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
            self._failing[work.key] = _Failure(error, work.lease.token, bug=True)
            log.exception("an operation hit a bug", key=work.key, attempts=attempts)
            if work.lease.bugs + 1 >= retry.PARK_AFTER:
                del self._failing[work.key]  # the store tells of it from now on
                log.error("an operation is parked until a person decides", key=work.key, error=error)
                return self._clock.now(), Outcome(error, bug=True, park=True)
            pause = retry.backoff_s(attempts, self._ids.random(), longest_s=retry.BUG_MAX_S)
            return self._clock.after(pause), Outcome(error, bug=True)
        self._failing.pop(work.key, None)
        if after.forget:
            return None, WENT_WELL
        return after.at or FAR_AWAY, WENT_WELL

    def _pause(self, attempts: int, failure: PortError) -> float:
        if isinstance(failure, Throttled) and failure.retry_after_s is not None:
            return failure.retry_after_s
        return retry.backoff_s(attempts, self._ids.random(), longest_s=retry.RETRYABLE_MAX_S)

    async def _renew_forever(self) -> None:
        while True:
            await self._busy.wait()
            if await self._clock.wait(self._idle, self._clock.now() + self._lease / 3):
                continue
            now, steady = self._clock.now(), self._clock.steady()
            asked = dict(self._running)
            try:
                ours = await self._store.renew(self._owner, list(asked), now + self._lease)
            except PortError as failure:
                log.warning("leases could not be renewed", error=failure.message)
                continue
            for key, (work, task) in asked.items():
                if key in ours:
                    work.renewed_at = steady
                elif task.cancel():
                    log.info("lease lost, work dropped", key=key)

    def drop(self) -> None:
        """End as a killed process does: cancel what runs, write nothing, give nothing back."""
        self._stopping = True
        for _, task in self._running.values():
            task.cancel()

    async def stop(self) -> None:
        """Claim nothing more, cancel what runs, give every lease back so that others go on at once."""
        self._stopping = True
        self._wake.set()
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._store.release(self._owner)


__all__ = ["Engine", "Handler", "Next", "Work"]
