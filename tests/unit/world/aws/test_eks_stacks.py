"""Stacks that hold clusters and node groups: order, waiting, updates, rollback, and a process that dies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.backends import get_backend

from nodeyard.api import service_model
from nodeyard.model.scope import Scope
from nodeyard.world.aws.stacks import EksRefused
from nodeyard.world.errors import WorldDataError
from tests.unit.world.aws.host import Aws

ROLE = "arn:aws:iam::111122223333:role/node"
SUBNETS = ["subnet-1", "subnet-2"]
CLUSTER = {
    "Type": "AWS::EKS::Cluster",
    "Properties": {"Name": "shop", "RoleArn": ROLE, "ResourcesVpcConfig": {"SubnetIds": SUBNETS}},
}
NODES = {
    "Type": "AWS::EKS::Nodegroup",
    "Properties": {
        "ClusterName": {"Ref": "Cluster"},
        "NodeRole": ROLE,
        "Subnets": SUBNETS,
        "ScalingConfig": {"MinSize": "1", "MaxSize": 4, "DesiredSize": 2},
        "Labels": {"team": "a"},
    },
}


class FakeEks:
    """What a client sees of EKS. Creations, updates and deletions end when they are looked at once more."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.tokens: dict[str, dict[str, Any]] = {}
        self.refuses: Callable[[str, dict[str, Any]], str | None] = lambda *_: None
        self.fails: Callable[[str, dict[str, Any]], bool] = lambda *_: False
        self.hangs: asyncio.Event | None = None
        self._last: dict[str, bool] = {}

    model = property(lambda _: service_model.eks())

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the calls that change something."""
        return [(name, given) for name, given in self.calls if not name.startswith("Describe")]

    async def call(self, scope: Scope, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        token = members.get("clientRequestToken")
        if token in self.tokens:
            return self.tokens[token]
        self.calls.append((operation, {k: v for k, v in members.items() if k != "clientRequestToken"}))
        why = self.refuses(operation, members)
        if why is not None:
            raise EksRefused("InvalidParameterException", why)
        answer = self._answer(operation, members)
        if token is not None:
            self.tokens[token] = answer
        if self.hangs is not None and operation.startswith("Describe"):
            await self.hangs.wait()
        return answer

    def _answer(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        cluster = members.get("clusterName") or members.get("name", "")
        name = "/".join(filter(None, (cluster, members.get("nodegroupName"))))
        kind = "nodegroup" if "/" in name else "cluster"
        if operation.startswith("Create"):
            status = "CREATE_FAILED" if self.fails(operation, members) else "ACTIVE"
            issues = [{"code": "NodeCreationFailure", "message": "no node joined", "resourceIds": ["i-1"]}]
            health = {"issues": issues if status == "CREATE_FAILED" else []}
            arn = {f"{kind}Arn" if kind == "nodegroup" else "arn": f"arn:{name}"}
            self.things[name] = members | {"then": status, "status": "CREATING", "health": health} | arn
            return {kind: self.things[name]}
        if operation == "DescribeUpdate":
            failed = self._last[members["updateId"]]
            errors = [{"errorCode": "PodEvictionFailure", "errorMessage": "blocked", "resourceIds": ["n-1"]}]
            return {"update": {"status": "Failed", "errors": errors} if failed else {"status": "Successful"}}
        if operation.startswith("Update"):
            id = f"update-{len(self._last)}"
            self._last[id] = self.fails(operation, members)
            return {"update": {"id": id}}
        if operation in ("TagResource", "UntagResource"):
            return {}
        if name not in self.things:
            raise EksRefused("ResourceNotFoundException", f"No {kind} found for name: {name}.")
        thing = self.things[name]
        if operation.startswith("Delete"):
            thing["status"] = "DELETING"
        elif thing["status"] == "DELETING":
            del self.things[name]
        elif "then" in thing:
            thing["status"] = thing.pop("then") if thing.get("seen") else "CREATING"
            thing["seen"] = True
            if thing["status"] == "CREATING":
                thing["then"] = "CREATE_FAILED" if thing["health"]["issues"] else "ACTIVE"
        return {kind: dict(thing)}


def text(outputs: dict[str, Any] | None = None, **resources: Any) -> str:
    return json.dumps({"Resources": resources, "Outputs": outputs or {}})


def nodes(**properties: Any) -> dict[str, Any]:
    return {**NODES, "Properties": NODES["Properties"] | properties}  # type: ignore[operator]


class Stacks:
    """One process of the embedded AWS with a fake of EKS behind it."""

    def __init__(self, folder: Path | None, eks: FakeEks | None = None) -> None:
        self.eks = eks or FakeEks()
        dict.clear(get_backend("cloudformation"))
        self.aws = Aws(folder)
        self.aws.embedded.serve_stacks(self.eks)

    async def act(self, operation: str, body: str = "", **more: Any) -> dict[str, Any]:
        """Make a call, wait for the end of what it began, and return the stack."""
        given = {"StackName": "shop"} | ({"TemplateBody": body} if body else {}) | more
        made = await self.aws.call("cloudformation", operation, **given)
        id = made.get("StackId", given["StackName"])
        for _ in range(500):
            found = await self.stack(id)
            if not found["StackStatus"].endswith("IN_PROGRESS"):
                return found
            await asyncio.sleep(0)
        raise AssertionError(f"it never ended: {found}")

    async def stack(self, name: str = "shop") -> dict[str, Any]:
        (found,) = (await self.aws.call("cloudformation", "describe_stacks", StackName=name))["Stacks"]
        return dict(found)

    async def events(self) -> list[str]:
        found = await self.aws.call("cloudformation", "describe_stack_events", StackName="shop")
        return [f"{e['LogicalResourceId']} {e['ResourceStatus']}" for e in reversed(found["StackEvents"])]


async def test_a_stack_makes_a_cluster_then_its_group_and_waits_for_both() -> None:
    stacks = Stacks(None)
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Nodes", "Arn"]}}, "Group": {"Value": {"Ref": "Nodes"}}}
    made = await stacks.act("create_stack", text(outputs, Nodes=NODES, Cluster=CLUSTER))
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert [name for name, _ in stacks.eks.asked()] == ["CreateCluster", "CreateNodegroup"]
    group = stacks.eks.asked()[1][1]
    assert group["clusterName"] == "shop"
    assert group["scalingConfig"] == {"minSize": 1, "maxSize": 4, "desiredSize": 2}
    assert group["labels"] == {"team": "a"}
    assert group["nodegroupName"].startswith("Nodes-"), "a name is made up where the template gives none"
    told = {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}
    assert told == {
        "Arn": f"arn:shop/{group['nodegroupName']}",
        "Group": f"shop/{group['nodegroupName']}",
    }
    assert await stacks.events() == [
        "shop CREATE_IN_PROGRESS",
        "Cluster CREATE_IN_PROGRESS",
        "Cluster CREATE_COMPLETE",
        "Nodes CREATE_IN_PROGRESS",
        "Nodes CREATE_COMPLETE",
        "shop CREATE_COMPLETE",
    ]


async def test_a_group_that_does_not_come_takes_everything_away_again_and_says_why() -> None:
    stacks = Stacks(None)
    stacks.eks.fails = lambda operation, _: operation == "CreateNodegroup"
    network = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}}
    before = await stacks.aws.call("ec2", "describe_vpcs")
    made = await stacks.act("create_stack", text(Network=network, Cluster=CLUSTER, Nodes=NODES))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (
        "failed to stabilize: [{Code: NodeCreationFailure, Message: no node joined, ResourceIds: [i-1]}]"
        in (made["StackStatusReason"])
    )
    assert stacks.eks.things == {}
    assert [name for name, _ in stacks.eks.asked()][2:] == ["DeleteNodegroup", "DeleteCluster"]
    assert (await stacks.aws.call("ec2", "describe_vpcs"))["Vpcs"] == before["Vpcs"]


async def test_what_was_refused_is_not_deleted_because_it_is_somebody_elses() -> None:
    stacks = Stacks(None)
    stacks.eks.refuses = lambda operation, _: "it exists already" if operation == "CreateNodegroup" else None
    group = nodes(ClusterName="other", NodegroupName="workers")
    made = await stacks.act("create_stack", text(Nodes=group))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Resource handler returned message: it exists already" in made["StackStatusReason"]
    assert [name for name, _ in stacks.eks.asked()] == ["CreateNodegroup"]


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        (
            {"Labels": {"team": "b", "new": "1"}, "ScalingConfig": {"MinSize": 2, "MaxSize": 4}},
            [
                (
                    "UpdateNodegroupConfig",
                    {
                        "labels": {"addOrUpdateLabels": {"team": "b", "new": "1"}},
                        "scalingConfig": {"minSize": 2, "maxSize": 4},
                    },
                )
            ],
        ),
        ({"Labels": {}}, [("UpdateNodegroupConfig", {"labels": {"removeLabels": ["team"]}})]),
        (
            {"Taints": [{"Key": "a", "Effect": "NO_SCHEDULE"}]},
            [
                (
                    "UpdateNodegroupConfig",
                    {"taints": {"addOrUpdateTaints": [{"key": "a", "effect": "NO_SCHEDULE"}]}},
                )
            ],
        ),
        (
            {"ReleaseVersion": "1.35.0-20260101", "ForceUpdateEnabled": "true"},
            [("UpdateNodegroupVersion", {"releaseVersion": "1.35.0-20260101", "force": True})],
        ),
    ],
)
async def test_a_change_is_the_update_of_the_api_that_makes_it(
    changed: dict[str, Any], calls: list[Any]
) -> None:
    stacks = Stacks(None)
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=nodes(NodegroupName="workers")))
    stacks.eks.calls.clear()
    made = await stacks.act(
        "update_stack", text(Cluster=CLUSTER, Nodes=nodes(NodegroupName="workers", **changed))
    )
    assert made["StackStatus"] == "UPDATE_COMPLETE"
    named = {"clusterName": "shop", "nodegroupName": "workers"}
    assert stacks.eks.asked() == [(name, named | members) for name, members in calls]


async def test_versions_and_other_changes_at_once_are_refused_as_cloudformation_does() -> None:
    stacks = Stacks(None)
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=NODES))
    stacks.eks.calls.clear()
    body = text(Cluster=CLUSTER, Nodes=nodes(ReleaseVersion="1.35.0-20260101", Labels={"team": "b"}))
    made = await stacks.act("update_stack", body)
    assert made["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    combined = "Version and ReleaseVersion updates cannot be combined with other updates"
    assert combined in made["StackStatusReason"]
    assert stacks.eks.asked() == []


async def test_a_failed_version_update_is_rolled_back_by_another_one() -> None:
    stacks = Stacks(None)
    old, new = {"ReleaseVersion": "1.35.0-20260101"}, {"ReleaseVersion": "1.35.1-20260201"}
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=nodes(**old)))
    stacks.eks.calls.clear()
    stacks.eks.fails = lambda _, members: members.get("releaseVersion") == new["ReleaseVersion"]
    made = await stacks.act("update_stack", text(Cluster=CLUSTER, Nodes=nodes(**new)))
    assert made["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (
        "Update failed due to [{ErrorCode: PodEvictionFailure, ErrorMessage: blocked, ResourceIds: [n-1]}]"
        in made["StackStatusReason"]
    )
    assert [members["releaseVersion"] for _, members in stacks.eks.asked()] == [
        "1.35.1-20260201",
        "1.35.0-20260101",
    ]


async def test_what_cannot_be_changed_is_made_anew_before_the_old_one_goes() -> None:
    stacks = Stacks(None)
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=NODES))
    (old,) = [name for name in stacks.eks.things if "/" in name]
    stacks.eks.calls.clear()
    made = await stacks.act("update_stack", text(Cluster=CLUSTER, Nodes=nodes(InstanceTypes=["m6i.large"])))
    assert made["StackStatus"] == "UPDATE_COMPLETE"
    assert [name for name, _ in stacks.eks.asked()] == ["CreateNodegroup", "DeleteNodegroup"]
    (new,) = [name for name in stacks.eks.things if "/" in name]
    assert new != old


async def test_a_group_with_a_name_of_its_own_cannot_be_made_anew_beside_itself() -> None:
    stacks = Stacks(None)
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=nodes(NodegroupName="workers")))
    body = text(Cluster=CLUSTER, Nodes=nodes(NodegroupName="workers", DiskSize=50))
    made = await stacks.act("update_stack", body)
    assert made["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Rename shop/workers and update the stack again." in made["StackStatusReason"]
    assert set(stacks.eks.things) == {"shop", "shop/workers"}


async def test_a_new_group_that_fails_leaves_the_one_that_it_was_to_replace() -> None:
    stacks = Stacks(None)
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=NODES))
    before = set(stacks.eks.things)
    stacks.eks.fails = lambda operation, _: operation == "CreateNodegroup"
    made = await stacks.act("update_stack", text(Cluster=CLUSTER, Nodes=nodes(DiskSize=50)))
    assert made["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert set(stacks.eks.things) == before


async def test_what_the_template_lost_goes_and_a_deleted_stack_takes_its_group_first() -> None:
    stacks = Stacks(None)
    second = nodes(NodegroupName="second")
    await stacks.act("create_stack", text(Cluster=CLUSTER, Nodes=NODES, Second=second))
    await stacks.act("update_stack", text(Cluster=CLUSTER, Nodes=NODES))
    assert "shop/second" not in stacks.eks.things
    stacks.eks.calls.clear()
    id = (await stacks.stack())["StackId"]
    gone = await stacks.act("delete_stack", StackName=id)
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert [name for name, _ in stacks.eks.asked()] == ["DeleteNodegroup", "DeleteCluster"]
    assert stacks.eks.things == {}


async def test_a_change_set_is_carried_out_as_a_stack_is_made() -> None:
    stacks = Stacks(None)
    body = text(Cluster=CLUSTER, Nodes=NODES)
    named = {"StackName": "shop", "ChangeSetName": "first"}
    await stacks.aws.call(
        "cloudformation", "create_change_set", **named, TemplateBody=body, ChangeSetType="CREATE"
    )
    assert stacks.eks.asked() == []
    made = await stacks.act("execute_change_set", ChangeSetName="first")
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert [name for name, _ in stacks.eks.asked()] == ["CreateCluster", "CreateNodegroup"]


async def test_a_stack_goes_on_where_it_was_when_the_process_died(tmp_path: Path) -> None:
    first = Stacks(tmp_path)
    first.eks.hangs = asyncio.Event()
    body = text(Cluster=CLUSTER, Nodes=NODES)
    await first.aws.call("cloudformation", "create_stack", StackName="shop", TemplateBody=body)
    assert (await first.stack())["StackStatus"] == "CREATE_IN_PROGRESS"
    assert (await first.stack()).get("Outputs", []) == []

    # The first process is left as it is: a kill closes and writes nothing.
    first.eks.hangs = None
    again = Stacks(tmp_path, first.eks)
    await again.aws.embedded.load()
    await again.aws.embedded.start()
    try:
        for _ in range(500):
            found = await again.stack()
            if found["StackStatus"] == "CREATE_COMPLETE":
                break
        assert found["StackStatus"] == "CREATE_COMPLETE"
        assert [name for name, _ in again.eks.asked()] == ["CreateCluster", "CreateNodegroup"]
    finally:
        await again.aws.embedded.stop()


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        (
            {"Cluster": {**CLUSTER, "DependsOn": "Nodes"}, "Nodes": NODES},
            "Circular dependency between resources: [Cluster, Nodes]",
        ),
        (
            {"Addon": {"Type": "AWS::EKS::Addon", "Properties": {}}},
            "Unrecognized resource types: [AWS::EKS::Addon]",
        ),
    ],
)
async def test_a_template_that_cannot_be_followed_is_refused_at_once(resources: Any, says: str) -> None:
    stacks = Stacks(None)
    with pytest.raises(ClientError, match="ValidationError") as refused:
        await stacks.act("create_stack", text(**resources))
    assert says in refused.value.response["Error"]["Message"]
    assert stacks.eks.calls == []


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Bogus": 1}, "#: extraneous key [Bogus] is not permitted"),
        (
            {"ScalingConfig": {"MinSize": "many"}},
            "#/ScalingConfig/MinSize: expected type: Integer, found: str",
        ),
        ({"NodeRole": {"Ref": "AWS::NoValue"}}, "#: required key [NodeRole] not found"),
    ],
)
async def test_a_property_that_is_none_fails_the_stack_and_names_it(
    properties: dict[str, Any], says: str
) -> None:
    stacks = Stacks(None)
    made = await stacks.act("create_stack", text(Nodes=nodes(ClusterName="shop", **properties)))
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert says in made["StackStatusReason"]
    assert stacks.eks.calls == []


async def test_a_change_set_may_have_the_name_of_one_that_was_carried_out() -> None:
    stacks = Stacks(None)
    most = {"Parameters": {"Most": {"Type": "Number", "Default": 3}}}
    body = json.dumps(json.loads(text(Cluster=CLUSTER, Nodes=NODES)) | most)
    await stacks.act("create_stack", body)
    named = {"StackName": "shop", "ChangeSetName": "deploy"}
    for number in ("4", "5"):
        await stacks.aws.call(
            "cloudformation",
            "create_change_set",
            **named,
            TemplateBody=body,
            ChangeSetType="UPDATE",
            Parameters=[{"ParameterKey": "Most", "ParameterValue": number}],
        )
        made = await stacks.act("execute_change_set", ChangeSetName="deploy")
        assert made["Parameters"] == [{"ParameterKey": "Most", "ParameterValue": number}]


async def test_change_sets_of_two_stacks_may_have_one_name() -> None:
    stacks = Stacks(None)
    for name in ("one", "two"):
        body = text(Cluster={**CLUSTER, "Properties": CLUSTER["Properties"] | {"Name": name}})  # type: ignore[operator]
        made = await stacks.aws.call(
            "cloudformation",
            "create_change_set",
            StackName=name,
            ChangeSetName="deploy",
            TemplateBody=body,
            ChangeSetType="CREATE",
        )
        found = await stacks.aws.call(
            "cloudformation", "describe_change_set", StackName=name, ChangeSetName="deploy"
        )
        assert found["ChangeSetId"] == made["Id"]
    one = {"StackName": "one", "ChangeSetName": "deploy"}
    await stacks.aws.call("cloudformation", "delete_change_set", **one)
    await stacks.aws.call("cloudformation", "delete_change_set", **one)
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        await stacks.aws.call("cloudformation", "describe_change_set", **one)
    found = await stacks.aws.call("cloudformation", "list_change_sets", StackName="two")
    assert [each["ChangeSetName"] for each in found["Summaries"]] == ["deploy"]


async def test_a_change_set_without_a_change_fails_as_clients_expect_it_to() -> None:
    stacks = Stacks(None)
    most = {"Parameters": {"Most": {"Type": "Number", "Default": 3}}}
    body = json.dumps(json.loads(text(Cluster=CLUSTER, Nodes=NODES)) | most)
    await stacks.act("create_stack", body)
    named = {"StackName": "shop", "ChangeSetName": "again"}
    for parameters, status in (
        ([{"ParameterKey": "Most", "UsePreviousValue": True}], "FAILED"),
        ([{"ParameterKey": "Most", "ParameterValue": "5"}], "CREATE_COMPLETE"),
    ):
        await stacks.aws.call(
            "cloudformation",
            "create_change_set",
            **named,
            TemplateBody=body,
            ChangeSetType="UPDATE",
            Parameters=parameters,
        )
        found = await stacks.aws.call("cloudformation", "describe_change_set", **named)
        assert found["Status"] == status
        await stacks.aws.call("cloudformation", "delete_change_set", **named)


async def test_a_step_that_could_not_be_kept_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = Stacks(None)
    host, full = stacks.aws.embedded._host, iter((True, True))
    keep_all = host.keep_all

    def kept(account: str, region: str) -> None:
        if stacks.eks.calls and next(full, False):
            raise WorldDataError("the disk is full")
        keep_all(account, region)

    monkeypatch.setattr(host, "keep_all", kept)
    made = await stacks.act("create_stack", text(Cluster=CLUSTER))
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert [name for name, _ in stacks.eks.asked()] == ["CreateCluster"]
