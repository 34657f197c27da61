"""What repair does next, each with the sentence that says why. Values: acting has no choices left."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.planner.drain.steps import Cordon as Cordon
from nodeyard.planner.drain.steps import Sweep as Sweep
from nodeyard.ports import Node


@dataclass(frozen=True, slots=True)
class Uncordon:
    node: Node
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
