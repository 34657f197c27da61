"""What repair does next, each with the sentence that says why. Values: acting has no choices left."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.planner.drain import Emptying
from nodeyard.ports import Node


@dataclass(frozen=True, slots=True)
class Cordon:
    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class Uncordon:
    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Evict what may be evicted and find out why the rest does not leave."""

    instance: str
    node: Node
    emptying: Emptying
    because: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """Let Auto Scaling end the instance and launch another one in its place."""

    instance: str
    because: str


@dataclass(frozen=True, slots=True)
class Reboot:
    instance: str
    because: str


Action = Cordon | Uncordon | Sweep | Terminate | Reboot
