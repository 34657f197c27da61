"""Single rows of PostgreSQL by the shortest way: one prepared statement over a connection of its own pool.

Most of what callers ask is one row under its key. A transaction of SQLAlchemy asks the database eight times
for it and takes a millisecond of the processor; this asks once. What is read is what was committed last.
Used by `postgres` alone.
"""

from __future__ import annotations

import contextlib
from functools import cache, lru_cache
from typing import Any

READERS = 4
"""Connections at most."""
TRIES = READERS + 1
"""Each on another connection: all that lie in the pool may have ended, and the last is a new one."""


class Rows:
    """Raises everywhere what asyncpg raises, OSError or TimeoutError. Units: wall seconds."""

    def __init__(self, url: str, *, connect_s: float, answer_s: float, settings: dict[str, str]) -> None:
        self._url, self._settings = url, settings
        self._connect_s, self._answer_s = connect_s, answer_s
        self._pool: Any = None

    async def open(self) -> None:
        """Be ready; connections are made when they are needed."""
        import asyncpg

        self._pool = await asyncpg.create_pool(
            self._url,
            min_size=0,
            max_size=READERS,
            reset=_nothing,
            timeout=self._connect_s,
            command_timeout=self._answer_s,
            server_settings=self._settings,
        )

    async def first(self, table: str, columns: tuple[str, ...], key: dict[str, Any]) -> Any | None:
        """Return some columns of the row under a key, None when there is none."""
        import asyncpg

        statement = _statement(table, columns, tuple(key))
        for left in reversed(range(TRIES)):
            async with self._pool.acquire(timeout=self._connect_s) as conn:
                try:
                    return await conn.fetchrow(statement, *key.values())
                except BaseException as error:
                    with contextlib.suppress(asyncpg.InterfaceError):  # the pool has noticed by itself
                        conn.terminate()  # given back as it is, it would be waited for
                    if not left or not isinstance(error, ended()):
                        raise
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()


@cache
def ended() -> tuple[type[Exception], ...]:
    """Return what a connection says that has ended, or is ending right now."""
    import asyncpg

    return (
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ConnectionError,
    )


async def _nothing(_conn: Any) -> None:
    """Leave a connection as it is: reading a row changes nothing of it."""


@lru_cache(64)
def _statement(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """Names come from `tables`, values are parameters."""
    where = " AND ".join(f"{name} = ${number}" for number, name in enumerate(key, start=1))
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {where}"
