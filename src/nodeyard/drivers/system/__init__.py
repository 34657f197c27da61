"""Time and chance of the real world: the only package that reads the wall clock."""

from nodeyard.drivers.system.clocks import RealClock, ScaledClock, VirtualClock
from nodeyard.drivers.system.ids import RandomIds, SeededIds
from nodeyard.drivers.system.virtual_loop import Stalled, VirtualLoop

__all__ = ["RandomIds", "RealClock", "ScaledClock", "SeededIds", "Stalled", "VirtualClock", "VirtualLoop"]
