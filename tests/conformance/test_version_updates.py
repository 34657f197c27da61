"""Version updates as clients see them, by boto3 against a real process.

The numbers in the names are those of the conformance checklist that is derived from the documented
and observed behaviour of EKS.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import botocore.exceptions
import pytest

from nodeyard import catalog
from tests.conformance.conftest import CLUSTER, ROLE, SUBNETS
from tests.conformance.kubernetes import BUDGETS, NODES, PODS, Kubernetes
from tests.e2e.service import Service

RELEASES = [r.release_version for r in catalog.default().releases("AL2023_x86_64_STANDARD", "1.33")]


class Group:
    """A node group of the release before the newest, deleted with the test."""

    def __init__(self, service: Service, name: str, desired: int, **more: Any) -> None:
        self.service = service
        self.name = name
        self.eks = service.client("eks")
        sizes = {"minSize": 0, "maxSize": max(desired, 1), "desiredSize": desired}
        self.eks.create_nodegroup(
            **self.named,
            subnets=SUBNETS,
            nodeRole=ROLE,
            scalingConfig=sizes,
            releaseVersion=RELEASES[0],
            labels={"group": name},
            **more,
        )
        self.until_active()

    @property
    def named(self) -> dict[str, str]:
        return {"clusterName": CLUSTER, "nodegroupName": self.name}

    def described(self) -> Any:
        return self.eks.describe_nodegroup(**self.named)["nodegroup"]

    def until_active(self) -> None:
        self.service.until(lambda: self.described()["status"] == "ACTIVE")

    def update(self, **more: Any) -> str:
        id: str = self.eks.update_nodegroup_version(**self.named, **more)["update"]["id"]
        return id

    def updated(self, id: str) -> Any:
        return self.eks.describe_update(name=CLUSTER, nodegroupName=self.name, updateId=id)["update"]

    def until_over(self, id: str, each: Any = None) -> Any:
        def over() -> bool:
            if each is not None:
                each()
            return bool(self.updated(id)["status"] != "InProgress")

        self.service.until(over, every_s=0.05)
        return self.updated(id)

    def sizes(self) -> tuple[int, int, int]:
        asg = self.service.client("autoscaling")
        name = self.described()["resources"]["autoScalingGroups"][0]["name"]
        (found,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]


@pytest.fixture
def group(service: Service, request: pytest.FixtureRequest) -> Iterator[Group]:
    made = Group(service, "blue", **getattr(request, "param", {"desired": 3}))
    yield made
    made.eks.delete_nodegroup(**made.named)
    service.until(lambda: made.name not in made.eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"])


def _nodes(kubernetes: Kubernetes) -> list[Any]:
    return kubernetes.items(f"{NODES}?labelSelector=group%3Dblue")


def _images(nodes: list[Any]) -> set[str]:
    return {node["metadata"]["labels"]["eks.amazonaws.com/nodegroup-image"] for node in nodes}


def _is_ready(node: Any) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])


def test_5_params_of_a_version_update_are_text_and_the_group_says_updating_at_once(group: Group) -> None:
    id = group.update()
    assert group.described()["status"] in ("UPDATING", "ACTIVE")
    update = group.until_over(id)
    assert update["type"] == "VersionUpdate"
    assert update["params"] == [
        {"type": "Version", "value": "1.33"},
        {"type": "ReleaseVersion", "value": RELEASES[-1]},
    ]
    assert group.eks.list_updates(name=CLUSTER, nodegroupName="blue")["updateIds"] == [id]
    assert (update["status"], update["errors"]) == ("Successful", [])
    assert group.described()["releaseVersion"] == RELEASES[-1]


def test_10_default_has_a_new_node_ready_in_each_zone_before_the_first_drain(
    group: Group, kubernetes: Kubernetes
) -> None:
    before = group.sizes()
    old = _images(_nodes(kubernetes)).pop()
    at_first_drain: list[set[str]] = []

    def look() -> None:
        nodes = _nodes(kubernetes)
        ready = [node for node in nodes if _is_ready(node)]
        assert len(ready) >= before[1], "fewer nodes than desired are Ready"
        drained = [node for node in nodes if node["spec"].get("unschedulable")]
        if drained and not at_first_drain:
            new = [n for n in ready if n["metadata"]["labels"]["eks.amazonaws.com/nodegroup-image"] != old]
            zones = {n["metadata"]["labels"]["topology.kubernetes.io/zone"] for n in new}
            at_first_drain.append(zones)

    assert group.until_over(group.update(), look)["status"] == "Successful"
    assert at_first_drain and len(at_first_drain[0]) == 2
    assert group.sizes() == before
    nodes = _nodes(kubernetes)
    assert len(nodes) == 3 and old not in _images(nodes)
    assert not any(node["spec"].get("taints") for node in nodes)


@pytest.mark.parametrize(
    "group",
    [{"desired": 3, "updateConfig": {"maxUnavailable": 1, "updateStrategy": "MINIMAL"}}],
    indirect=True,
)
def test_11_minimal_never_has_more_nodes_than_desired(group: Group, kubernetes: Kubernetes) -> None:
    most: list[int] = []
    asg = group.service.client("autoscaling")
    name = group.described()["resources"]["autoScalingGroups"][0]["name"]

    def look() -> None:
        (found,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        staying = [i for i in found["Instances"] if not i["LifecycleState"].startswith("Terminating")]
        most.append(max(len(staying), found["DesiredCapacity"]))

    assert group.until_over(group.update(), look)["status"] == "Successful"
    assert max(most) == 3
    assert len(_nodes(kubernetes)) == 3


@pytest.mark.parametrize("group", [{"desired": 2}], indirect=True)
def test_12_a_budget_that_blocks_fails_the_update_by_name_then_a_rerun_resumes_and_force_completes(
    group: Group, kubernetes: Kubernetes
) -> None:
    kubernetes.deploy("web", 2)
    group.service.until(lambda: kubernetes.ready("web") == 2)
    kubernetes.budget("web", minAvailable=2)
    failed = group.until_over(group.update())
    assert failed["status"] == "Failed"
    (error,) = failed["errors"]
    assert error["errorCode"] == "PodEvictionFailure"
    assert error["errorMessage"].startswith(
        "Reached max retries while trying to evict pods from nodes in node group blue: pod default/web-"
    )
    assert "PodDisruptionBudget default/web needs 2 healthy pods and has 2" in error["errorMessage"]
    assert "Cannot evict pod as it would violate the pod's disruption budget." in error["errorMessage"]
    (blocked,) = error["resourceIds"]
    described = group.described()
    assert (described["status"], described["releaseVersion"]) == ("ACTIVE", RELEASES[0])
    group.service.until(lambda: len(_nodes(kubernetes)) == 2)
    cordoned = {n["metadata"]["name"] for n in _nodes(kubernetes) if n["spec"].get("unschedulable")}
    assert cordoned == {blocked}
    forced = group.until_over(group.update(force=True))
    assert forced["status"] == "Successful"
    group.service.until(lambda: len(_nodes(kubernetes)) == 2)
    assert len(_images(_nodes(kubernetes))) == 1
    assert kubernetes.items(PODS)


@pytest.mark.parametrize("group", [{"desired": 2}], indirect=True)
def test_12_a_rerun_after_the_budget_is_lifted_resumes(group: Group, kubernetes: Kubernetes) -> None:
    kubernetes.deploy("web", 2)
    group.service.until(lambda: kubernetes.ready("web") == 2)
    kubernetes.budget("web", maxUnavailable=0)
    assert group.until_over(group.update())["status"] == "Failed"
    kubernetes.ask("DELETE", f"{BUDGETS}/web")
    assert group.until_over(group.update())["status"] == "Successful"
    assert group.described()["releaseVersion"] == RELEASES[-1]


def test_14_a_second_update_while_one_runs_is_refused(group: Group) -> None:
    id = group.update()
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        group.update()
    error = refused.value.response
    assert error["Error"]["Code"] == "ResourceInUseException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert error["Error"]["Message"] == "Nodegroup cannot be updated as it is currently not in Active State"
    assert group.until_over(id)["status"] == "Successful"


def test_18_a_token_replay_returns_the_same_update(group: Group) -> None:
    first = group.update(clientRequestToken="token-1")
    assert group.update(clientRequestToken="token-1") == first
    with pytest.raises(botocore.exceptions.ClientError, match="used before with other parameters"):
        group.update(clientRequestToken="token-1", force=True)
    assert group.until_over(first)["status"] == "Successful"


def test_an_update_that_is_cancelled_stops_and_gives_the_sizes_back(
    group: Group, kubernetes: Kubernetes
) -> None:
    kubernetes.deploy("web", 3)
    group.service.until(lambda: kubernetes.ready("web") == 3)
    kubernetes.budget("web", minAvailable=3)
    before = group.sizes()
    id = group.update()
    group.service.until(lambda: any(n["spec"].get("unschedulable") for n in _nodes(kubernetes)))
    assert group.eks.cancel_update(name=CLUSTER, updateId=id)["update"]["id"] == id
    assert group.until_over(id)["status"] == "Cancelled"
    assert group.sizes() == before
    group.service.until(lambda: len(_nodes(kubernetes)) == 3)  # the surge is drained at its hook
    assert not any(n["spec"].get("unschedulable") for n in _nodes(kubernetes))
    with pytest.raises(botocore.exceptions.ClientError, match="it is Cancelled already"):
        group.eks.cancel_update(name=CLUSTER, updateId=id)


def test_a_launch_template_version_update_replaces_every_node_with_that_version(
    service: Service, kubernetes: Kubernetes
) -> None:
    ec2 = service.client("ec2")
    data = {"InstanceType": "m5.large", "TagSpecifications": [_named("first")]}
    template = ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)[
        "LaunchTemplate"
    ]
    spec = {"id": template["LaunchTemplateId"], "version": "1"}
    group = Group(service, "blue", 2, launchTemplate=spec)
    assert group.described()["launchTemplate"] == {**spec, "name": "mine"}
    changed = {**data, "TagSpecifications": [_named("second")]}
    ec2.create_launch_template_version(
        LaunchTemplateId=spec["id"], SourceVersion="1", LaunchTemplateData=changed
    )
    update = group.until_over(group.update(launchTemplate={"name": "mine", "version": "2"}))
    assert (update["status"], update["errors"]) == ("Successful", [])
    assert update["params"] == [
        {"type": "LaunchTemplateName", "value": "mine"},
        {"type": "LaunchTemplateVersion", "value": "2"},
    ]
    described = group.described()
    assert described["launchTemplate"] == {**spec, "version": "2", "name": "mine"}
    assert described["releaseVersion"] == RELEASES[0]
    service.until(lambda: len(_nodes(kubernetes)) == 2)
    label = "eks.amazonaws.com/sourceLaunchTemplateVersion"
    assert {node["metadata"]["labels"][label] for node in _nodes(kubernetes)} == {"2"}
    running = [
        {"Name": "tag:Name", "Values": ["second"]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = ec2.describe_instances(Filters=running)["Reservations"]
    assert sum(len(each["Instances"]) for each in found) == 2
    group.eks.delete_nodegroup(**group.named)
    service.until(lambda: group.eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == [])


def _named(name: str) -> dict[str, Any]:
    return {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}


def test_a_custom_image_is_updated_through_its_template(service: Service, kubernetes: Kubernetes) -> None:
    ec2 = service.client("ec2")
    images = [each["ImageId"] for each in ec2.describe_images(Owners=["amazon"])["Images"][:2]]
    cluster = service.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    user_data = _bootstrap(cluster)
    data = {"InstanceType": "m5.large", "ImageId": images[0], "UserData": user_data}
    template = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)["LaunchTemplate"]
    spec = {"id": template["LaunchTemplateId"], "version": "1"}
    eks = service.client("eks")
    named = {"clusterName": CLUSTER, "nodegroupName": "blue"}
    sizes = {"minSize": 0, "maxSize": 1, "desiredSize": 1}
    taint = {"key": "own", "value": "yes", "effect": "PREFER_NO_SCHEDULE"}
    eks.create_nodegroup(
        **named,
        subnets=SUBNETS,
        nodeRole=ROLE,
        scalingConfig=sizes,
        launchTemplate=spec,
        labels={"group": "blue"},
        taints=[taint],
    )

    def described() -> Any:
        return eks.describe_nodegroup(**named)["nodegroup"]

    service.until(lambda: described()["status"] == "ACTIVE")
    assert (described()["amiType"], described()["releaseVersion"]) == ("CUSTOM", images[0])
    ec2.create_launch_template_version(
        LaunchTemplateId=spec["id"], SourceVersion="1", LaunchTemplateData={"ImageId": images[1]}
    )
    update = eks.update_nodegroup_version(**named, launchTemplate={"id": spec["id"], "version": "2"})[
        "update"
    ]

    def over() -> bool:
        found = eks.describe_update(name=CLUSTER, nodegroupName="blue", updateId=update["id"])
        return bool(found["update"]["status"] == "Successful")

    service.until(over)
    assert described()["releaseVersion"] == images[1]
    service.until(lambda: len(_nodes(kubernetes)) == 1)
    (node,) = _nodes(kubernetes)
    assert node["metadata"]["labels"]["eks.amazonaws.com/nodegroup-image"] == images[1]
    assert {"key": "own", "value": "yes", "effect": "PreferNoSchedule"} in node["spec"]["taints"]
    eks.delete_nodegroup(**named)
    service.until(lambda: eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == [])


def _bootstrap(cluster: Any) -> str:
    """Return the user data of somebody's own image that joins the cluster as nodeadm does."""
    spec = {
        "name": cluster["name"],
        "apiServerEndpoint": cluster["endpoint"],
        "certificateAuthority": cluster["certificateAuthority"]["data"],
        "cidr": cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
    }
    config = {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"cluster": spec}}
    mime = (
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n--//\n'
        f"Content-Type: application/node.eks.aws\n\n{json.dumps(config)}\n\n--//--\n"
    )
    return base64.b64encode(mime.encode()).decode()
