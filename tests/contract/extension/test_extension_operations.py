"""Our own operations through a botocore client made from our own model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from nodeyard.api import service_model
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import TemplateRef
from nodeyard.model.rollout import Phase
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import UpdateError
from nodeyard.ports import ActiveFault, Changes, Condition, Event, FaultKind, Invalid, NotFound
from tests.doorway import Doorway
from tests.nouns import (
    NOON,
    SCOPE,
    a_blocker,
    a_drain,
    a_node_of,
    a_nodegroup,
    a_rollout,
    an_auto_scaling_group,
    an_instance,
    an_update,
)
from tests.unit.planner.test_drain import WEB
from tests.unit.planner.test_drain_diagnosis import a_budget


class Switches:
    """Faults with one line on the menu."""

    def __init__(self) -> None:
        self.on: list[ActiveFault] = []

    def menu(self) -> tuple[FaultKind, ...]:
        return (
            FaultKind("never-join", "New nodes do not join.", ("group", "zone"), ("NodeCreationFailure",)),
        )

    def active(self) -> tuple[ActiveFault, ...]:
        return tuple(self.on)

    def set(self, name: str, *, seconds: float | None = None, **scope: Any) -> str:
        if name != "never-join":
            raise Invalid(f"There is no fault {name}.")
        until = None if seconds is None else NOON + timedelta(seconds=seconds)
        self.on.append(ActiveFault(f"fault-{len(self.on) + 1}", name, NOON, until, **scope))
        return self.on[-1].id

    def clear(self, which: str) -> tuple[str, ...]:
        gone = tuple(each.id for each in self.on if which in ("all", each.name, each.id))
        if not gone:
            raise NotFound(f"No fault {which} is on.")
        self.on = [each for each in self.on if each.id not in gone]
        return gone


@pytest.fixture
def doorway(tmp_path: Path) -> Iterator[Doorway]:
    made = Doorway(tmp_path, faults=Switches())
    yield made
    made.close()


@pytest.fixture
def client(doorway: Doorway) -> Any:
    return doorway.client(name="nodeyard")


def refusal(error: pytest.ExceptionInfo[botocore.exceptions.ClientError]) -> tuple[str, str]:
    said = error.value.response["Error"]
    return said["Code"], said["Message"]


def test_every_operation_of_the_model_has_a_handler_and_the_other_way_round(doorway: Doorway) -> None:
    assert set(doorway.extension.handlers()) == set(service_model.extension().operations)


def test_every_shape_of_the_model_is_used_and_told(doorway: Doorway) -> None:
    model = service_model.extension()
    left = [each for op in model.operations.values() for each in (op.input, op.output, *op.errors) if each]
    used: set[str] = set()
    while left:
        name = left.pop()
        if name not in used:
            used.add(name)
            shape = model.shapes[name]
            inner = [*shape.members.values(), shape.element, shape.key, shape.value]
            left += [each.shape for each in inner if each is not None]
    assert used == set(model.shapes)


# --- progress ---


def running(doorway: Doorway) -> None:
    """Put an update there whose first node is held by a budget."""
    turn = a_drain(blockers=(a_blocker(),), pods_left=1)
    memory = a_rollout(turns=(turn,), waits=("node-i-1: somebody holds it",))
    doorway.has_cluster()
    doorway.has(
        a_nodegroup(active_update="u-1"), an_update(type="VersionUpdate", rollout=memory, created_at=NOON)
    )
    group = an_auto_scaling_group(an_instance("i-1"), an_instance("i-2", version="2"))

    async def found(scope: Any, name: str) -> Any:
        return group if name == group.name else None

    async def activities(scope: Any, name: str) -> Any:
        return ()

    doorway.account.group = found  # type: ignore[attr-defined]
    doorway.account.activities = activities  # type: ignore[attr-defined]
    doorway.planes.nodes_there.append(a_node_of("i-1"))
    doorway.clock.advance((NOON - doorway.clock.now()).total_seconds() + 60)


def test_a_running_update_tells_lanes_blockers_waits_and_time(doorway: Doorway, client: Any) -> None:
    running(doorway)
    found = client.describe_update_progress(clusterName="prod", updateId="u-1")["progress"]
    assert (found["update"]["status"], found["update"]["phase"]) == ("InProgress", "Upgrade")
    assert [each["state"] for each in found["phases"]] == ["DONE", "DONE", "CURRENT", "AHEAD"]
    assert [(each["instanceId"], each["lane"]) for each in found["nodes"]] == [
        ("i-1", "BLOCKED"),
        ("i-2", "LAUNCHING"),
    ]
    (blocker,) = found["blockers"]
    assert (blocker["code"], blocker["pod"], blocker["budget"]) == (
        "BudgetExhausted",
        "shop/web-1",
        "shop/web",
    )
    assert (blocker["secondsLeft"], blocker["tries"]) == (840.0, 3)
    assert (blocker["needs"], blocker["healthy"], blocker["then"]) == (2, 2, "UPDATE_FAILS")
    assert "needs 2 healthy pods and has 2" in blocker["sentence"]
    assert found["waits"] == [{"because": "node-i-1: somebody holds it"}]
    assert found["elapsedSeconds"] == 60.0
    assert "remainingSeconds" not in found
    assert found["remainingBasis"] == "1 pod does not leave; the drain gives up in 14 min"


def test_an_update_tells_the_version_of_the_launch_template_that_nodes_get(
    doorway: Doorway, client: Any
) -> None:
    doorway.has_cluster()
    target = replace(a_rollout().target, launch_template=TemplateRef("lt-1", "mine", "7"))
    doorway.has(a_nodegroup(), an_update(type="VersionUpdate", rollout=a_rollout(target=target)))
    (found,) = client.list_update_overviews(clusterName="prod")["updates"]
    assert found["launchTemplate"] == {"id": "lt-1", "name": "mine", "version": "7"}


def test_a_running_update_tells_the_health_issues_of_its_group(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    issue = Issue(IssueCode.CLUSTER_UNREACHABLE, "list nodes: no answer", ("prod",))
    running = an_update(type="VersionUpdate", rollout=a_rollout())
    doorway.has(a_nodegroup(active_update="u-1", issues=(issue,)), running)
    found = client.describe_update_progress(clusterName="prod", updateId="u-1", withNodes=False)["progress"]
    assert found["issues"] == [
        {"code": "ClusterUnreachable", "message": "list nodes: no answer", "resourceIds": ["prod"]}
    ]
    assert "remainingSeconds" not in found
    assert found["remainingBasis"] == "the update stands still: list nodes: no answer"


def test_what_holds_the_nodes_of_a_group_is_told_with_it(doorway: Doorway, client: Any) -> None:
    """Of its update, and of what Auto Scaling lets go for a smaller size, a repair or the deletion."""
    running(doorway)
    leaving = a_drain("i-9", blockers=(a_blocker(pod="shop/web-9"),))
    doorway.has(a_nodegroup(name="old", status=NodegroupStatus.DELETING, drains={"i-9": leaving}))
    blue, old = client.list_nodegroup_overviews(clusterName="prod")["nodegroups"]
    told = [(each["pod"], each["then"]) for group in (blue, old) for each in group["blockers"]]
    assert told == [("shop/web-1", "UPDATE_FAILS"), ("shop/web-9", "INSTANCE_TERMINATES")]
    assert (blue["blockers"][0]["secondsSo"], blue["blockers"][0]["secondsLeft"]) == (60.0, 840.0)


def test_without_nodes_an_update_is_told_from_its_record_alone(doorway: Doorway, client: Any) -> None:
    running(doorway)
    doorway.planes.silent = True
    names = {"clusterName": "prod", "updateId": "u-1"}
    found = client.describe_update_progress(**names, withNodes=False)["progress"]
    assert (found["nodes"], [each["code"] for each in found["blockers"]]) == ([], ["BudgetExhausted"])
    assert "nodesUnseenBecause" not in found
    assert (found["elapsedSeconds"], found["update"]["phase"]) == (60.0, "Upgrade")


def test_an_update_is_told_even_while_its_cluster_is_silent(doorway: Doorway, client: Any) -> None:
    running(doorway)
    doorway.planes.silent = True
    found = client.describe_update_progress(clusterName="prod", updateId="u-1")["progress"]
    assert found["nodesUnseenBecause"] == "connection refused"
    assert (found["update"]["phase"], found["nodes"]) == ("Upgrade", [])


def test_an_update_that_is_over_tells_how_it_ended(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    error = UpdateError("PodEvictionFailure", "pod shop/web-1 did not leave", ("node-i-1",))
    ended = an_update(
        type="VersionUpdate",
        status=UpdateStatus.FAILED,
        errors=(error,),
        created_at=NOON,
        finished_at=NOON + timedelta(minutes=16),
        rollout=a_rollout(nodes_done=1),
    )
    doorway.has(a_nodegroup(), ended)
    found = client.describe_update_progress(clusterName="prod", updateId="u-1")["progress"]
    assert (found["update"]["status"], found["elapsedSeconds"], found["nodes"]) == ("Failed", 960.0, [])
    assert found["update"]["errors"][0]["errorCode"] == "PodEvictionFailure"
    assert [each["state"] for each in found["phases"]] == ["DONE", "DONE", "STOPPED", "SKIPPED"]


@pytest.mark.parametrize(
    ("memory", "states"),
    [
        ({"phase": Phase.RETREAT, "nodes_total": 4, "surge": 2}, "DONE DONE STOPPED SKIPPED DONE"),
        ({"phase": Phase.ROLL_BACK, "surge": 2}, "DONE STOPPED SKIPPED SKIPPED DONE"),
        ({"phase": Phase.RETREAT, "nodes_total": 0}, "STOPPED SKIPPED SKIPPED SKIPPED DONE"),
        ({"phase": Phase.ROLL_BACK, "strategy": "MINIMAL", "nodes_done": 1}, "DONE STOPPED SKIPPED DONE"),
        ({"phase": Phase.SCALE_DOWN}, "DONE DONE DONE DONE"),
    ],
)
def test_the_phase_that_was_given_up_is_not_told_as_done(
    doorway: Doorway, client: Any, memory: dict[str, Any], states: str
) -> None:
    doorway.has_cluster()
    ended = an_update(
        type="VersionUpdate", status=UpdateStatus.FAILED, finished_at=NOON, rollout=a_rollout(**memory)
    )
    doorway.has(a_nodegroup(), ended)
    found = client.describe_update_progress(clusterName="prod", updateId="u-1")["progress"]
    assert [each["state"] for each in found["phases"]] == states.split()


def test_an_update_that_does_not_exist_is_not_found(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.describe_update_progress(clusterName="prod", updateId="u-9")
    assert refusal(error) == ("ResourceNotFoundException", "No update found for ID: u-9")


def test_updates_are_listed_newest_first_over_all_groups_and_by_page(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    doorway.has(a_nodegroup(), a_nodegroup(name="green"))
    for number in range(5):
        at = NOON + timedelta(minutes=number)
        name = "blue" if number % 2 else "green"
        doorway.has(an_update(id=f"u-{number}", nodegroup=name, created_at=at))
    pages = client.get_paginator("list_update_overviews").paginate(PaginationConfig={"PageSize": 2})
    assert [each["id"] for page in pages for each in page["updates"]] == ["u-4", "u-3", "u-2", "u-1", "u-0"]
    blue = client.list_update_overviews(clusterName="prod", nodegroupName="blue")["updates"]
    assert [each["id"] for each in blue] == ["u-3", "u-1"]


# --- groups, releases ---


def test_groups_are_listed_with_update_health_and_nodes(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    issue = Issue(IssueCode.EC2_SUBNET_NOT_FOUND, "subnet-a is gone", ("subnet-a",))
    doorway.has(a_nodegroup(), a_nodegroup(name="old", release_version="1.34.4-20260304", issues=(issue,)))
    doorway.planes.nodes_there += [a_node_of("i-1"), a_node_of("i-2", ready=False)]
    blue, old = client.list_nodegroup_overviews(clusterName="prod")["nodegroups"]
    assert (blue["blockers"], old["blockers"]) == ([], [])
    assert (blue["updateAvailable"], blue["nodesReady"], blue["nodesDesired"]) == (False, 1, 2)
    assert (old["updateAvailable"], old["latestReleaseVersion"]) == (True, "1.34.9-20260714")
    assert (old["issueCodes"], old["nodesReady"]) == (["Ec2SubnetNotFound"], 0)


def test_nodes_are_listed_by_group_with_what_the_cluster_says_of_them(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    doorway.has(a_nodegroup())
    unready = Condition("False", "KubeletNotReady")
    doorway.planes.nodes_there += [
        a_node_of("i-2", ready=False, unschedulable=True, conditions={"Ready": unready}),
        a_node_of(
            "i-1",
            labels={"eks.amazonaws.com/nodegroup": "blue", "node.kubernetes.io/instance-type": "m5.large"},
        ),
        a_node_of("i-3", labels={}),
    ]
    first, second = client.list_nodes(clusterName="prod")["nodes"]
    assert (first["instanceId"], first["instanceType"], first["ready"]) == ("i-1", "m5.large", True)
    assert (second["ready"], second["readyBecause"], second["schedulable"]) == (
        False,
        "KubeletNotReady",
        False,
    )
    pages = client.get_paginator("list_nodes").paginate(clusterName="prod", PaginationConfig={"PageSize": 1})
    assert [len(page["nodes"]) for page in pages] == [1, 1]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.list_nodes(clusterName="prod", nodegroupName="none")
    assert refusal(error)[0] == "ResourceNotFoundException"


def test_workloads_are_listed_with_their_budgets_and_what_holds_a_drain(
    doorway: Doorway, client: Any
) -> None:
    doorway.has_cluster()
    place = a_node_of("i-1")
    doorway.planes.nodes_there.append(place)
    doorway.planes.pods_there += [
        replace(WEB, name=f"web-{n}", node=place.name, labels={"app": "web"}) for n in (1, 2, 3)
    ]
    doorway.planes.pods_there.append(replace(WEB, name="lone", owner_kind=None, owner_name=None))
    doorway.planes.budgets_there.append(a_budget(expected=3))
    lone, web = client.list_workloads(clusterName="prod")["workloads"]
    assert (lone["kind"], lone["pods"], web["pods"], web["nodes"]) == ("Pod", 1, 3, 1)
    assert web["budgets"][0] | {"needs": 3, "healthy": 3, "allowed": 0} == web["budgets"][0]
    assert web["drain"] == "HELD" and web["obstacles"][0]["code"] == "BudgetCanNeverBeMet"
    assert web["obstacles"][0]["help"] and web["obstacles"][0]["holds"]
    pages = client.get_paginator("list_workloads").paginate(
        clusterName="prod", PaginationConfig={"PageSize": 1}
    )
    assert [[each["name"] for each in page["workloads"]] for page in pages] == [["lone"], [web["name"]]]


def test_instance_types_come_with_the_region_and_the_day_of_their_prices(client: Any) -> None:
    first = client.list_instance_types(maxResults=1000)
    assert len(first["instanceTypes"]) == 1000 and first["nextToken"]
    assert (first["pricesRegion"], first["pricesAsOf"]) == ("us-east-1", "2025-05-01")
    large = next(each for each in first["instanceTypes"] if each["instanceType"] == "m5.large")
    assert (large["vcpus"], large["memoryMib"], large["hourlyPrice"]) == (2, 8192, 0.096)
    assert any("hourlyPrice" not in each for each in first["instanceTypes"])


def test_a_silent_cluster_lists_no_nodes_but_says_so(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    doorway.planes.silent = True
    for operation in (client.list_nodes, client.list_workloads):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            operation(clusterName="prod")
        assert refusal(error)[0] == "ServiceUnavailableException"


def test_nodes_are_left_out_while_the_cluster_is_silent(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    doorway.has(a_nodegroup())
    doorway.planes.silent = True
    (group,) = client.list_nodegroup_overviews()["nodegroups"]
    assert "nodesReady" not in group and group["nodesDesired"] == 2


def test_a_published_release_is_an_update_at_once_and_an_event(doorway: Doorway, client: Any) -> None:
    doorway.has_cluster()
    doorway.has(a_nodegroup())
    wanted = {"amiType": "AL2023_x86_64_STANDARD", "kubernetesVersion": "1.34"}
    made = client.publish_release(**wanted, releaseVersion="1.34.10-20261001")["release"]
    assert made["latest"] and made["kubeletVersion"] == "1.34.10"
    (group,) = client.list_nodegroup_overviews()["nodegroups"]
    assert group["latestReleaseVersion"] == "1.34.10-20261001"
    listed = client.list_releases(**wanted)["releases"]
    assert [each["releaseVersion"] for each in listed if each["latest"]] == ["1.34.10-20261001"]
    assert [each["kind"] for each in client.list_events()["events"]] == ["ReleasePublished"]
    started = doorway.client().update_nodegroup_version(clusterName="prod", nodegroupName="blue")["update"]
    params = {each["type"]: each["value"] for each in started["params"]}
    assert params["ReleaseVersion"] == "1.34.10-20261001"


def test_a_release_that_is_not_newer_is_refused(client: Any) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.publish_release(
            amiType="AL2023_x86_64_STANDARD", kubernetesVersion="1.34", releaseVersion="1.34.1-20250101"
        )
    code, message = refusal(error)
    assert code == "InvalidParameterException" and "is not newer than 1.34.9-20260714" in message


# --- events, faults, what fails ---


def test_events_are_read_after_a_sequence_and_by_filter(doorway: Doorway, client: Any) -> None:
    subjects = [{"update": "u-1"}, {"update": "u-2"}, {"update": "u-1"}]
    events = tuple(
        Event(SCOPE, "prod", "blue", NOON, "UpdateStep", f"step {number}", subject)
        for number, subject in enumerate(subjects)
    )
    doorway.run(doorway.store.commit(Changes(events=events)))
    first = client.list_events(clusterName="prod", updateId="u-1", maxResults=1)
    assert [each["message"] for each in first["events"]] == ["step 0"]
    rest = client.list_events(after=first["lastSequence"], updateId="u-1")
    assert [each["message"] for each in rest["events"]] == ["step 2"]
    assert client.list_events(after=rest["lastSequence"])["events"] == []


def test_faults_are_switched_on_and_off_by_name(client: Any) -> None:
    made = client.set_fault(name="never-join", group="blue", seconds=60)["faultId"]
    listed = client.list_faults()
    assert [each["id"] for each in listed["faults"]] == [made]
    assert listed["menu"][0]["issueCodes"] == ["NodeCreationFailure"]
    assert client.clear_fault(which="never-join")["faultIds"] == [made]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.clear_fault(which="never-join")
    assert refusal(error)[0] == "ResourceNotFoundException"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.set_fault(name="earthquake")
    assert refusal(error)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("scope", "note"),
    [
        ({}, None),
        ({"group": "blue"}, None),
        ({"zone": "eu-west-1b"}, None),
        ({"group": "blue", "zone": "eu-west-1a"}, None),
        (
            {"group": "blu"},
            "There is no node group blu yet: the fault waits for one of that name. Did you mean blue?",
        ),
        (
            {"group": "NOPE"},
            "There is no node group NOPE yet: the fault waits for one of that name. There are blue.",
        ),
        (
            {"zone": "eu-west-1z"},
            "No node group has a subnet in zone eu-west-1z yet: the fault waits for one. Node groups have "
            "subnets in eu-west-1a, eu-west-1b.",
        ),
        (
            {"group": "blue", "zone": "eu-west-1c"},
            "Node group blue has no subnet in zone eu-west-1c: the fault concerns none of its nodes. It has "
            "subnets in eu-west-1a, eu-west-1b.",
        ),
    ],
)
def test_a_fault_that_concerns_nothing_yet_is_set_and_says_so(
    client: Any, doorway: Doorway, scope: dict[str, str], note: str | None
) -> None:
    doorway.has(a_nodegroup(subnets=("subnet-a", "subnet-b")))
    answer = client.set_fault(name="never-join", **scope)
    assert answer["faultId"] == "fault-1"
    assert answer.get("note") == note


def test_where_the_world_is_real_there_are_no_faults(tmp_path: Path) -> None:
    doorway = Doorway(tmp_path)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        doorway.client(name="nodeyard").list_faults()
    doorway.close()
    code, message = refusal(error)
    assert code == "InvalidRequestException" and "`nodeyard up`" in message


def test_operations_that_hit_a_bug_are_told_to_their_owner_only(doorway: Doorway, client: Any) -> None:
    mine = f"nodegroup/{SCOPE.account}/{SCOPE.region}/prod/blue"
    doorway.failing |= {mine: "KeyError: 'x'", "cluster/999999999999/eu-west-1/theirs": "boom"}
    (failed,) = client.list_failed_operations()["failedOperations"]
    assert (failed["clusterName"], failed["nodegroupName"], failed["error"]) == (
        "prod",
        "blue",
        "KeyError: 'x'",
    )


def test_a_path_that_is_none_of_ours_is_named(doorway: Doorway) -> None:
    status, code, body = doorway.post("/nodeyard/v1/nothing", {})
    assert (status, code) == (404, "UnknownOperationException")
    assert body["message"] == "Nodeyard has no operation at POST /nodeyard/v1/nothing."
