"""PostgreSQL: any number of processes, a pool of connections, news by LISTEN and NOTIFY.

Time is the database's: the reconcile table is written and read by one clock, whatever the clocks
of the workers say. A transaction that loses a race is run again.
Source: PostgreSQL, Explicit Locking, Transaction Isolation, NOTIFY, Client Connection Defaults.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Table, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from nodeyard.drivers.store import rows, schema
from nodeyard.drivers.store.database import NEWS, OnNews
from nodeyard.drivers.store.errors import StoreError
from nodeyard.drivers.store.rows import Rows
from nodeyard.ports import Clock, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

POOL = 8
POOL_MORE = 2
CONNECT_S = 5.0
STATEMENT_MS = 5000
ANSWER_S = 6.0
"""Wall seconds after which a statement that got no answer has failed: the network may be cut."""
IDLE_IN_TRANSACTION_MS = 2000
"""A worker that is stopped in a transaction must not hold its locks for longer than this."""
TRIES = 6
AGAIN_S = 0.02
LISTEN_AGAIN_S = 1.0
PING_S = 5.0
"""Wall seconds of silence after which the listener asks whether anybody is there: a cut network is silent."""
RACES = frozenset({"40001", "40P01", "23505"})
"""serialization_failure, deadlock_detected, unique_violation: somebody else was first, so look again.
Source: PostgreSQL, Appendix A."""
CHANNEL = "nodeyard"
OPENING, NUMBERING = 0x6E6F6465, 0x79617264
"""Keys of advisory locks."""


class Postgres:
    """See `database.Database`. With a `clock` the database's own time rules; without one the caller's."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self._url = _parsed(url)
        self._clock = clock
        self._engine: AsyncEngine | None = None
        self._rows: Rows | None = None
        self._listener: asyncio.Task[None] | None = None
        self._me = f"{socket.gethostname()}.{os.getpid()}.{id(self)}"

    @property
    def named(self) -> str:
        """The database for people, without its password."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    @property
    def _plain(self) -> str:
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    async def open(self, on_news: OnNews) -> None:
        """Connect, migrate under a lock, begin to listen. Raises: StoreError."""
        try:
            import asyncpg
            from sqlalchemy.ext.asyncio import create_async_engine  # a tenth of a second: not for SQLite
        except ImportError as error:
            raise StoreError(
                "PostgreSQL needs the extra `postgres`: install it with pip install 'nodeyard[postgres]'."
            ) from error
        self._engine = create_async_engine(
            self._url.set(drivername="postgresql+asyncpg"),
            pool_size=POOL,
            max_overflow=POOL_MORE,
            pool_timeout=CONNECT_S,
            pool_pre_ping=True,
            connect_args={"timeout": CONNECT_S, "command_timeout": ANSWER_S, "server_settings": _SETTINGS},
        )
        try:
            async with self._engine.begin() as conn:
                await conn.run_sync(self._bring_up_to_date)
        except (SQLAlchemyError, OSError, TimeoutError, asyncpg.PostgresError) as error:
            await self.close()
            raise StoreError(
                f"The database {self.named} cannot be used: {_reason(error)}. "
                "Check that it runs and that --database-url is right."
            ) from error
        except BaseException:
            await self.close()
            raise
        self._rows = Rows(self._plain, connect_s=CONNECT_S, answer_s=ANSWER_S, settings=_SETTINGS)
        await self._rows.open()
        self._listener = asyncio.create_task(self._listen(on_news), name="news from the database")

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._rows is not None:
            self._rows.close()
        if self._engine is not None:
            await self._engine.dispose()

    async def run(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run one function in one transaction, again when another transaction got in its way."""
        assert self._engine is not None, "open the store first"
        for tries in range(1, TRIES + 1):
            try:
                async with self._engine.begin() as conn:
                    return await conn.run_sync(query, *args, **kwargs)
            except DBAPIError as error:
                if _state(error) in RACES and tries < TRIES:
                    await asyncio.sleep(AGAIN_S * tries)
                    continue
                raise self._unavailable(error) from error
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                raise self._unavailable(error) from error
        raise AssertionError("the last try returns or raises")

    async def first(self, table: Table, columns: tuple[str, ...], key: dict[str, Any]) -> Any | None:
        """Return the columns of one row, past SQLAlchemy: by one question instead of eight."""
        import asyncpg

        assert self._rows is not None, "open the store first"
        try:
            return await self._rows.first(table.name, columns, key)
        except (asyncpg.PostgresError, *rows.ended(), OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def tell(self, conn: Connection, news: str) -> None:
        """Notify the other processes when the transaction is committed."""
        conn.execute(_NOTIFY, {"channel": CHANNEL, "payload": f"{news} {self._me}"})

    def serialize(self, conn: Connection) -> None:
        """Take a lock until the end of the transaction, so that numbers appear in their order."""
        conn.execute(_LOCK, {"key": NUMBERING})

    def skew_s(self, conn: Connection) -> float:
        """Return how far the database's clock is ahead of ours."""
        if self._clock is None:
            return 0.0
        there = float(conn.execute(_NOW).scalar_one())
        return there - self._clock.now().timestamp()

    def _unavailable(self, error: BaseException) -> Unavailable:
        return Unavailable(f"the database {self.named} does not answer: {_reason(error)}")

    def _bring_up_to_date(self, conn: Connection) -> None:
        conn.execute(_LOCK, {"key": OPENING})
        schema.bring_up_to_date(
            conn, f"The database {self.named}", "choose another database with --database-url"
        )

    async def _listen(self, on_news: OnNews) -> None:
        """Pass news on until cancelled; after every break say all of it, for it may have been missed."""
        import asyncpg

        def heard(_conn: Any, _pid: int, _channel: str, payload: str) -> None:
            news, _, who = payload.partition(" ")
            if who != self._me:
                on_news(news)

        while True:
            try:
                conn = await asyncpg.connect(self._plain, timeout=CONNECT_S)
                gone = asyncio.Event()
                try:
                    conn.add_termination_listener(lambda _conn, gone=gone: gone.set())
                    await conn.add_listener(CHANNEL, heard)
                    for each in NEWS:
                        on_news(each)
                    while not gone.is_set():
                        try:
                            async with asyncio.timeout(PING_S):
                                await gone.wait()
                        except TimeoutError:
                            await conn.execute("SELECT 1", timeout=ANSWER_S)
                finally:
                    conn.terminate()
            except Exception as error:  # whatever it is: a process that hears nothing any more never says so
                log.warning("nobody tells of news: looking now and then instead", error=_reason(error))
            await asyncio.sleep(LISTEN_AGAIN_S)


_NOTIFY = text("SELECT pg_notify(:channel, :payload)")
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_NOW = text("SELECT extract(epoch FROM clock_timestamp())")
_SETTINGS = {
    "application_name": "nodeyard",
    "statement_timeout": str(STATEMENT_MS),
    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
}


def _parsed(url: str) -> URL:
    """Raise StoreError, without the password, for what is no address of a PostgreSQL database."""
    try:
        return make_url(url)
    except ArgumentError as error:
        raise StoreError("--database-url is not an address: use postgresql://USER@HOST:PORT/NAME.") from error


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")


def _reason(error: BaseException) -> str:
    """Return the first line of what the driver says, without the statement and without its full stop."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    line = next(iter(str(cause).strip().splitlines()), "") or type(cause).__name__
    return line.partition(">: ")[2].rstrip(".") or line.rstrip(".")
