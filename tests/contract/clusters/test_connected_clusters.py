"""Clusters of others through botocore: registered, attached, followed, deregistered, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.planner.admission.connected import ACTIVATION_S
from nodeyard.ports import Attachment, Credentials, Denied
from tests.account import VPC
from tests.doorway import Doorway
from tests.nouns import SCOPE, a_nodegroup

ROLE = "arn:aws:iam::111122223333:role/connector"
CONFIG = {"provider": "EC2", "roleArn": ROLE}


class Reaching:
    """Reaches every cluster, but for those whose kubeconfig says no."""

    async def attach(self, cluster: Cluster, kubeconfig: str, context: str | None) -> Attachment:
        if kubeconfig == "no":
            raise Denied("Unauthorized")
        sealed = f"v1.sealed-{len(kubeconfig)}"
        endpoint = Endpoint(f"https://{context or 'default'}:6443", "Q0E=")
        return Attachment(endpoint, "1.34", Credentials(cluster.scope, cluster.name, sealed))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Doorway]:
    made = Doorway(tmp_path, attacher=Reaching())
    made.has_cluster()
    yield made
    made.close()


def refusal(call: Any, **members: Any) -> tuple[str, str]:
    """Return code and message of the error that a call is answered with."""
    with pytest.raises(ClientError) as error:
        call(**members)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


def test_a_registered_cluster_waits_for_its_credentials_three_days(door: Doorway) -> None:
    eks, ours = door.client(), door.client(name="nodeyard")
    made = eks.register_cluster(name="edge", connectorConfig=CONFIG, tags={"a": "b"}, clientRequestToken="t")
    cluster = made["cluster"]
    again = eks.register_cluster(name="edge", connectorConfig=CONFIG, tags={"a": "b"}, clientRequestToken="t")
    assert again["cluster"] == cluster
    assert (cluster["status"], cluster["tags"], "version" in cluster) == ("PENDING", {"a": "b"}, False)
    connector = cluster["connectorConfig"]
    assert (connector["provider"], connector["roleArn"]) == ("EC2", ROLE)
    assert connector["activationExpiry"] - cluster["createdAt"] == timedelta(seconds=ACTIVATION_S)
    assert refusal(eks.register_cluster, name="edge", connectorConfig=CONFIG) == (
        "ResourceInUseException",
        "Cluster already exists with name: edge",
    )
    door.clock.advance(ACTIVATION_S)
    code, message = refusal(ours.attach_cluster, clusterName="edge", kubeconfig="k")
    assert code == "InvalidRequestException" and "has expired on 2026-01-04" in message
    eks.deregister_cluster(name="edge")
    door.settle()
    assert eks.list_clusters(include=["all"])["clusters"] == ["prod"]


def test_an_attached_cluster_is_active_takes_new_credentials_and_is_forgotten(door: Doorway) -> None:
    eks, ours = door.client(), door.client(name="nodeyard")
    network = {"securityGroupId": "sg-0123456789abcdef0", "serviceIpv4Cidr": "10.43.0.0/16"}
    found = ours.attach_cluster(clusterName="edge", kubeconfig="k", **network)
    assert found["cluster"] == {
        "name": "edge",
        "arn": SCOPE.cluster_arn("edge"),
        "status": "ACTIVE",
        "version": "1.34",
        "endpoint": "https://default:6443",
    }
    first = door.run(door.store.credentials(SCOPE, "edge"))
    ours.attach_cluster(clusterName="edge", kubeconfig="other", context="second")
    described = eks.describe_cluster(name="edge")["cluster"]
    assert described["endpoint"] == "https://second:6443"
    assert described["resourcesVpcConfig"]["clusterSecurityGroupId"] == "sg-0123456789abcdef0"
    assert described["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.43.0.0/16"
    assert described["connectorConfig"]["provider"] == "OTHER"
    assert door.run(door.store.credentials(SCOPE, "edge")) != first
    assert eks.list_clusters()["clusters"] == ["prod"]
    assert eks.list_clusters(include=["all"])["clusters"] == ["edge", "prod"]
    eks.deregister_cluster(name="edge")
    door.settle()
    assert door.run(door.store.all_credentials()) == ()
    assert refusal(eks.describe_cluster, name="edge")[0] == "ResourceNotFoundException"


def test_the_version_of_an_attached_cluster_is_followed(door: Doorway) -> None:
    door.client(name="nodeyard").attach_cluster(clusterName="edge", kubeconfig="k")
    door.settle()
    door.planes.version_there = "1.35"
    door.clock.advance(600)
    door.settle()
    assert door.client().describe_cluster(name="edge")["cluster"]["version"] == "1.35"
    kinds = [each.kind for each in door.run(door.store.events(SCOPE, cluster="edge"))]
    assert kinds == ["ClusterAttached", "ClusterVersion"]


def test_its_first_node_group_tells_its_vpc_and_its_nodes_need_no_policies_of_eks(door: Doorway) -> None:
    door.client(name="nodeyard").attach_cluster(clusterName="edge", kubeconfig="k")
    eks = door.client()
    names = {"clusterName": "edge", "nodegroupName": "blue"}
    role = "arn:aws:iam::111122223333:role/node"
    subnets = ["subnet-a", "subnet-b"]
    access = {"ec2SshKey": "key"}
    code, message = refusal(
        eks.create_nodegroup, **names, nodeRole=role, subnets=subnets, remoteAccess=access
    )
    assert code == "InvalidParameterException" and "would shut the nodes off" in message
    eks.create_nodegroup(**names, nodeRole=role, subnets=subnets)
    vpc = eks.describe_cluster(name="edge")["cluster"]["resourcesVpcConfig"]["vpcId"]
    assert vpc == VPC
    assert refusal(eks.deregister_cluster, name="edge") == (
        "ResourceInUseException",
        "Cluster has nodegroups attached",
    )


def test_what_only_its_owner_can_do_is_refused(door: Doorway) -> None:
    eks, ours = door.client(), door.client(name="nodeyard")
    ours.attach_cluster(clusterName="edge", kubeconfig="k")
    kept = "Cluster edge is a connected cluster, kept by somebody else"
    for call, members in (
        (eks.delete_cluster, {}),
        (eks.update_cluster_version, {"version": "1.35"}),
        (eks.update_cluster_config, {"deletionProtection": True}),
    ):
        code, message = refusal(call, name="edge", **members)
        assert code == "InvalidRequestException" and message.startswith(kept)
    assert refusal(eks.deregister_cluster, name="prod")[1] == "No cluster is registered with name: prod."
    assert refusal(ours.attach_cluster, clusterName="prod", kubeconfig="k")[0] == "ResourceInUseException"


def test_nothing_is_kept_of_what_cannot_be_used(door: Doorway, tmp_path: Path) -> None:
    eks, ours = door.client(), door.client(name="nodeyard")
    before = door.everything()
    bad = "InvalidParameterException"
    assert refusal(ours.attach_cluster, clusterName="edge", kubeconfig="no") == (bad, "Unauthorized")
    assert refusal(ours.attach_cluster, clusterName="-edge", kubeconfig="k")[0] == bad
    for wrong in ({"securityGroupId": "web"}, {"serviceIpv4Cidr": "10.0.0.1"}, {"serviceIpv4Cidr": "x"}):
        assert refusal(ours.attach_cluster, clusterName="edge", kubeconfig="k", **wrong)[0] == bad
    foreign = CONFIG | {"roleArn": ROLE.replace("111122223333", "999999999999")}
    code, _ = refusal(eks.register_cluster, name="edge", connectorConfig=foreign)
    assert code == "AccessDeniedException"
    assert refusal(eks.register_cluster, name="edge", connectorConfig=CONFIG | {"roleArn": "me"})[0] == bad
    assert refusal(eks.list_clusters, include=["some"])[0] == bad
    assert door.everything() == before


def test_without_a_key_to_seal_with_nothing_is_attached(tmp_path: Path) -> None:
    door = Doorway(tmp_path)
    try:
        ours = door.client(name="nodeyard")
        code, message = refusal(ours.attach_cluster, clusterName="edge", kubeconfig="k")
        assert code == "InvalidRequestException" and "--secret-key-file" in message
    finally:
        door.close()


def test_a_cluster_with_groups_keeps_them_over_new_credentials(door: Doorway) -> None:
    ours = door.client(name="nodeyard")
    ours.attach_cluster(clusterName="edge", kubeconfig="k")
    door.has(a_nodegroup(cluster="edge"))
    ours.attach_cluster(clusterName="edge", kubeconfig="again")
    assert door.client().list_nodegroups(clusterName="edge")["nodegroups"] == ["blue"]
