"""The whole service on a virtual clock, over an AWS and clusters in memory: for rehearsals and tests.

Production flows, engine, planner and service functions run here; only hands and clock differ.
"""

from nodeyard.simulation.chronicle import Chronicle
from nodeyard.simulation.simulation import Simulation, SimulationFailed
from nodeyard.simulation.terms import Terms
from nodeyard.simulation.workloads import budget, deployment

__all__ = ["Chronicle", "Simulation", "SimulationFailed", "Terms", "budget", "deployment"]
