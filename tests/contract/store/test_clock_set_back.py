"""A clock that is set back makes nobody oversleep: neither at a start nor while processes run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.system import RealClock
from nodeyard.ports import Changes
from tests.nouns import NOON
from tests.postgres import Postgres

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=5)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


async def test_a_start_with_an_earlier_date_wakes_what_would_sleep_for_long(tmp_path: Path) -> None:
    before = SqlStore(tmp_path / "nodeyard.db")
    await before.open()
    await before.commit(Changes(wake=(("short", NOON + HOUR), ("hinted", NEVER), ("soon", NOON + SOON))))
    await before.close()
    after = SqlStore(tmp_path / "nodeyard.db")
    await after.open()
    leases = await after.claim("a", NOON, NOON + SOON, 10)
    assert [lease.key for lease in leases] == ["short"]
    # What is meant to sleep long does so from then on.
    await after.finish(leases[0], NOON + HOUR)
    assert await after.claim("a", NOON, NOON + SOON, 10) == ()
    await after.close()


class Movable(RealClock):
    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_a_database_whose_clock_goes_back_frees_the_leases_of_the_dead_and_wakes_the_sleeping(
    postgres: Postgres,
) -> None:
    clock = Movable()
    store = SqlStore(postgres.new_database(), clock)
    await store.open()
    now = clock.now()
    assert await store.claim("dead", now, now + SOON, 10) == ()
    await store.commit(Changes(wake=(("asleep", now + HOUR), ("held", now - SOON), ("hinted", NEVER))))
    (dead,) = await store.claim("dead", now, now + HOUR, 10)
    assert dead.key == "held"
    # Seen from here the database's clock went back: what it wrote down lies an hour ahead.
    clock.ahead = HOUR
    now = clock.now()
    assert {lease.key for lease in await store.claim("b", now, now + SOON, 10)} == {"asleep", "held"}
    await store.close()
