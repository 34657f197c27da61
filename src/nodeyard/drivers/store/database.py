"""What a database is to the store: somewhere to run a function of a connection in one transaction.

Two of them: `sqlite` (one thread, one process) and `postgres` (an asynchronous pool, any number of
processes). The functions are the same on both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Table

P = ParamSpec("P")
T = TypeVar("T")

WAKE = "wake"
EVENTS = "events"
RECORDS = "records"
NEWS = (WAKE, EVENTS, RECORDS)
OnNews = Callable[[str], None]
"""Called with one of the NEWS when another process committed such a thing: a key that is due, an event, a
node group that came or went or a cluster that changed."""


class Database(Protocol):
    """Open it before use. Raises everywhere: Unavailable when the database does not answer."""

    async def open(self, on_news: OnNews) -> None:
        """Connect and bring the tables up to date. Raises: StoreError."""
        ...

    async def close(self) -> None: ...

    async def run(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a function in one transaction; it may be run again when the database asks for it."""
        ...

    async def first(self, table: Table, columns: tuple[str, ...], key: dict[str, Any]) -> Any | None:
        """Return columns of the row under a whole key, as committed last; None when there is none."""
        ...

    def tell(self, conn: Connection, news: str) -> None:
        """Say one of the NEWS to the other processes, if and when the transaction is committed."""
        ...

    def serialize(self, conn: Connection) -> None:
        """Let transactions that number things commit one after the other, in the order of the numbers."""
        ...

    def skew_s(self, conn: Connection) -> float:
        """Return how far the database's clock is ahead of ours; 0 where they are one."""
        ...


__all__ = ["EVENTS", "NEWS", "RECORDS", "WAKE", "Database", "OnNews"]
