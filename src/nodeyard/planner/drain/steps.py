"""What an update and a repair do to a node that is to be empty, each with the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.planner.drain.emptying import Emptying
from nodeyard.ports import Node


@dataclass(frozen=True, slots=True)
class Cordon:
    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Evict what may be evicted and find out why the rest does not leave."""

    instance: str
    node: Node
    emptying: Emptying
    because: str
