"""Simulated machines: they boot, read their user data, join their cluster and keep their lease."""

from nodeyard.world.machines.machines import Machines

__all__ = ["Machines"]
