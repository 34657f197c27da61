"""kill -9 at moments chosen by what is seen: nothing that was told is lost, and nothing is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import yard
from tests.e2e.service import Service, running

Moment = Callable[[Service], bool]

CREATION: dict[str, Moment] = {
    "profile": lambda s: yard.made(s)["profiles"] > 0,
    "group": lambda s: yard.made(s)["groups"] > 0,
    "joined": lambda s: len(yard.nodes(s)) > 0,
}
DELETION: dict[str, Moment] = {
    "draining": lambda s: "InService" not in yard.members(s),
    "no group": lambda s: yard.made(s)["groups"] == 0,
}

SLOWLY = ("--speed", "40")
"""Slow enough that a busy machine does not use up the simulated time that a creation may take."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, *SLOWLY) as made:
        yield made


def _killed_at(service: Service, moment: Moment) -> None:
    """Kill the process once a moment was seen, start it again, and compare what was told before."""
    service.until(lambda: moment(service), every_s=0.01)
    instances, nodes = yard.instances(service), yard.nodes(service)
    service.kill()
    service.start(*SLOWLY)
    after = yard.nodes(service)
    shown = service.client("ec2").describe_instances(InstanceIds=list(instances)) if instances else {}
    assert {one["InstanceId"] for each in shown.get("Reservations", ()) for one in each["Instances"]} == set(
        instances
    )
    for uid in nodes.keys() & after.keys():
        before = int(nodes[uid]["metadata"]["resourceVersion"])
        assert int(after[uid]["metadata"]["resourceVersion"]) >= before
    if "shutting-down" not in instances.values():
        assert nodes.keys() <= after.keys()


def _whole(service: Service, size: int) -> bool:
    """Tell whether the group is as one that was never disturbed, with nothing beside it."""
    wanted = {"groups": 1, "templates": 1, "profiles": 1, "instances": size}
    found = yard.nodes(service).values()
    return (
        yard.status(service, "blue") == "ACTIVE"
        and yard.made(service) == wanted
        and yard.members(service) == ["InService"] * size
        and len(found) == size
        and all(yard.ready_since(node) for node in found)
    )


def test_a_creation_that_is_killed_again_and_again_ends_as_if_it_never_was(service: Service) -> None:
    yard.a_cluster(service)
    yard.a_group(service, "blue", 2)
    for moment in CREATION.values():
        _killed_at(service, moment)
    service.until(lambda: _whole(service, 2))


def test_a_group_that_is_killed_while_it_lives_scales_and_goes_leaves_nothing(service: Service) -> None:
    yard.a_cluster(service)
    yard.a_group(service, "blue", 1)
    service.until(lambda: _whole(service, 1))
    ready = {uid: yard.ready_since(node) for uid, node in yard.nodes(service).items()}
    eks = service.client("eks")
    sizes = {"desiredSize": 2}
    eks.update_nodegroup_config(clusterName=yard.CLUSTER, nodegroupName="blue", scalingConfig=sizes)
    _killed_at(service, lambda s: yard.made(s)["instances"] > 1)
    service.until(lambda: _whole(service, 2))
    # The node that was Ready before the kill never was anything else.
    assert {uid: yard.ready_since(node) for uid, node in yard.nodes(service).items() if uid in ready} == ready

    service.client("eks").delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
    for moment in DELETION.values():
        _killed_at(service, moment)
    service.until(lambda: yard.status(service, "blue") == "")
    assert yard.made(service) == {"groups": 0, "templates": 0, "profiles": 0, "instances": 0}
    assert yard.nodes(service) == {}
