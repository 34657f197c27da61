"""AWS in memory for simulations: the accounts, their instances over time, and `ports.Compute` on them.

Auto Scaling is the engine that the embedded AWS serves. No moto, no HTTP, no threads.
"""

from nodeyard.world.aws.memory.account import Accounts, Region
from nodeyard.world.aws.memory.compute import MemoryCompute
from nodeyard.world.aws.memory.fleet import MemoryFleet

__all__ = ["Accounts", "MemoryCompute", "MemoryFleet", "Region"]
