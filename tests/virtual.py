"""Asynchronous tests in virtual time, for folders whose conftest gives them the loop for it.

See `tests/unit/world/machines/conftest.py`.

A test that sleeps on its `virtual_clock()` then gives everything else exactly that much time.
"""

from __future__ import annotations

import asyncio

from nodeyard.drivers.system import VirtualClock, VirtualLoop


def virtual_clock() -> VirtualClock:
    """Return the clock of the loop that the test runs on."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop), "the folder of this test needs a loop factory: see tests.virtual"
    return VirtualClock(loop=loop)
