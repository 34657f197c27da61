"""Ids and chance, random or seeded."""

from __future__ import annotations

import os
import random
import uuid

DRAW_BYTES = 4096
_VARIANTS = {digit: f"{8 + int(digit, 16) % 4:x}" for digit in "0123456789abcdef"}


class SeededIds:
    """The same seed gives the same ids and numbers in the same order.

    Ids and numbers come from streams of their own: drawing more ids does not change the numbers.
    """

    def __init__(self, seed: int | str | None) -> None:
        self._random = random.Random(seed)
        self._chance = random.Random(None if seed is None else f"chance {seed}")

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def random(self) -> float:
        return self._chance.random()


class RandomIds:
    """Ids from the operating system, because some are secrets; chance from a generator that it seeds."""

    def __init__(self) -> None:
        self._chance = random.Random()
        self._drawn = memoryview(b"")

    def uuid(self) -> str:
        text = bytes(self._take(16)).hex()
        # Version 4, variant 1 (RFC 9562), as uuid.UUID does it at five times the cost, for each request.
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def hex(self, digits: int) -> str:
        return bytes(self._take((digits + 1) // 2)).hex()[:digits]

    def random(self) -> float:
        return self._chance.random()

    def _take(self, count: int) -> memoryview:
        """Return bytes that nobody had before; they are drawn in bulk, a system call for each id is dear."""
        if len(self._drawn) < count:
            self._drawn = memoryview(os.urandom(max(count, DRAW_BYTES)))
        taken, self._drawn = self._drawn[:count], self._drawn[count:]
        return taken
