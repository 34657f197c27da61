"""A version update whose calls are refused for good fails, and gives back what it has taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.flows.hands import Hands
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.planner.rollout.actions import LABEL_NO_LOAD_BALANCER, TAINT
from nodeyard.ports import Denied, Invalid, Unavailable
from nodeyard.simulation import Simulation
from tests.fakes import Refusing

OLDEST = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


class Forgetful(Refusing):
    """Compute that does a call, of which the answer gets lost once."""

    def __getattr__(self, name: str) -> Any:
        if name != self._call or self._left <= 0:
            return getattr(self._inner, name)

        async def lose(*args: Any, **kwargs: Any) -> None:
            self._left -= 1
            await getattr(self._inner, name)(*args, **kwargs)
            raise self._error

        return lose


def test_a_group_records_its_template_version_although_the_answer_got_lost() -> None:
    def forgetful(hands: Hands) -> Hands:
        lost = Unavailable("the request timed out")
        compute: Any = Forgetful(hands.compute, "set_group_template_version", lost, 1)
        return replace(hands, compute=compute)

    with Simulation(seed=3, around=forgetful) as simulation:
        simulation.create_cluster(version="1.34")
        simulation.create_nodegroup("blue", 1, release_version=OLDEST)
        simulation.until_active("blue")
        update = simulation.until_ended(simulation.update_version("blue"))
        assert update.status is UpdateStatus.SUCCESSFUL
        launches = simulation.auto_scaling_group("blue").launch_template_version
        assert simulation.nodegroup("blue").resources.launch_template_version == launches == "2"
        simulation.run_for(300)
        assert simulation.nodegroup("blue").status is NodegroupStatus.ACTIVE


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        ("add_template_version", Invalid("the template is too large"), "Unknown"),
        ("set_group_template_version", Denied("not allowed to use the template"), "AccessDenied"),
        ("terminate_instance", Denied("not allowed to terminate"), "AccessDenied"),
        ("terminate_instance", Invalid("the instance is protected"), "Unknown"),
    ],
)
@pytest.mark.parametrize("times", [1, 100])
def test_an_update_that_is_refused_fails_and_leaves_no_mark(
    call: str, error: Exception, code: str, times: int
) -> None:
    def refusing(hands: Hands) -> Hands:
        compute: Any = Refusing(hands.compute, call, error, times)
        return replace(hands, compute=compute)

    with Simulation(seed=3, around=refusing) as simulation:
        simulation.create_cluster(version="1.34")
        simulation.create_nodegroup("blue", 2, release_version=OLDEST)
        simulation.until_active("blue")
        before = simulation.auto_scaling_group("blue")
        update = simulation.until_ended(simulation.update_version("blue"))
        assert update.status is UpdateStatus.FAILED
        assert [each.error_code for each in update.errors] == [code]
        assert str(error) in update.errors[0].error_message
        group = simulation.nodegroup("blue")
        assert group.status in (NodegroupStatus.ACTIVE, NodegroupStatus.DEGRADED)
        assert group.release_version == OLDEST
        if call == "terminate_instance" and times > 1:
            return  # the surge cannot be given back: the sizes follow the Auto Scaling group
        after = simulation.auto_scaling_group("blue")
        sizes = (before.minimum, before.desired, before.maximum)
        assert (after.minimum, after.desired, after.maximum) == sizes
        assert after.launch_template_version == before.launch_template_version
        assert after.suspended_processes == ()
        simulation.run_until(lambda: len(simulation.nodes()) == 2, "the surge is gone")
        for node in simulation.nodes():
            keys = {taint["key"] for taint in node["spec"].get("taints") or ()}
            assert TAINT[0] not in keys and LABEL_NO_LOAD_BALANCER not in node["metadata"]["labels"]
            assert not node["spec"].get("unschedulable")
