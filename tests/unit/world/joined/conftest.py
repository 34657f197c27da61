"""The asynchronous tests of this folder run in virtual time; see `tests.virtual`."""

from __future__ import annotations

from nodeyard.drivers.system import VirtualLoop


def pytest_asyncio_loop_factories() -> dict[str, type[VirtualLoop]]:
    return {"virtual": VirtualLoop}
