"""Faults on demand: a menu, switches, and what the world does while they are on.

What a fault does is decided in pure modules (`refusals`, `sights`, `machines`); `compute`, `instances`
and `clusters` put those decisions between the service and its world, the same for every world.
"""

from nodeyard.world.faults.switches import Faults

__all__ = ["Faults"]
