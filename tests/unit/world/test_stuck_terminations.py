"""Instances that did not end when they were asked to, once the fault is over that held them."""

from __future__ import annotations

from nodeyard.simulation import Simulation
from nodeyard.world.aws.fleet import SHUTTING_DOWN
from nodeyard.world.faults.instances import FaultyInstances


def test_they_end_in_the_order_in_which_they_were_launched() -> None:
    with Simulation(3) as simulation:
        simulation.create_cluster()
        simulation.create_nodegroup("apps", 7)
        simulation.until_active("apps")
        launched = [each.id for each in simulation.fleet.machines_now()]
        ended: list[str] = []
        simulation.fleet.listen(lambda it: ended.append(it.id) if it.state == SHUTTING_DOWN else None)
        instances = FaultyInstances(simulation.fleet, simulation.faults, simulation.clock)
        simulation.do(instances.start(lambda ids: None))
        simulation.faults.set("stuck-termination", group="apps")
        scope = simulation.scope
        simulation.do(instances.terminate(scope.account, scope.region, launched))
        simulation.run_for(60)
        assert ended == []
        simulation.faults.clear("stuck-termination")
        simulation.run_for(1)
        assert ended == launched
        simulation.do(instances.stop())
