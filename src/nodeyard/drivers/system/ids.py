"""Ids and chance, random or seeded."""

from __future__ import annotations

import random
import uuid


class SeededIds:
    """The same seed gives the same ids and numbers in the same order."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def random(self) -> float:
        return self._random.random()


class RandomIds(SeededIds):
    """Seeded from the operating system."""

    def __init__(self) -> None:
        super().__init__(None)
        self._random = random.SystemRandom()
