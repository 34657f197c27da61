"""A cluster that somebody else keeps: attached by kubeconfig, given node groups, drained, let go.

The cluster is that of an embedded world; the service knows nothing of it but what the kubeconfig says.
"""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from nodeyard.cli.main import run
from tests.e2e import yard
from tests.e2e.attaching import Attaching
from tests.e2e.service import ACCOUNT, Service
from tests.e2e.serving import KEY, SECRET

pytestmark = pytest.mark.timeout(400)


class Attached(Attaching):
    """An embedded world with a cluster in it, and a `nodeyard serve` that was not told of it."""

    def __init__(self, folder: Path, world: Service, cluster: str = yard.CLUSTER) -> None:
        yard.a_cluster(world, "1.34")
        super().__init__(folder, world, cluster, speed=200)

    @property
    def token(self) -> str:
        return (self.world.folder / "data" / "kubernetes" / "pki" / "internal.token").read_text()

    def knows(self, **user: object) -> None:
        """Write the kubeconfig with the authority in a file of its own, as kubeadm users have it."""
        cluster = self.world.client("eks").describe_cluster(name=yard.CLUSTER)["cluster"]
        (self.folder / "ca.crt").write_bytes(base64.b64decode(cluster["certificateAuthority"]["data"]))
        self.has_kubeconfig(cluster["endpoint"], "ca.crt", **(user or {"token": self.token}))


@pytest.fixture
def attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attached]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    world = Service(tmp_path)
    world.start()
    try:
        made = Attached(tmp_path, world)
        yield made
        made.end()
    finally:
        world.kill()


def test_node_groups_live_on_an_attached_cluster_and_drain_before_they_go(attached: Attached) -> None:
    eks = attached.eks
    attached.knows()
    assert attached.attach("--provider", "EC2") == 0
    cluster = eks.describe_cluster(name=yard.CLUSTER)["cluster"]
    assert (cluster["status"], cluster["version"]) == ("ACTIVE", "1.34")
    assert cluster["connectorConfig"]["provider"] == "EC2"
    assert "roleArn" not in cluster and "vpcId" not in cluster["resourcesVpcConfig"]
    assert eks.list_clusters()["clusters"] == []
    assert eks.list_clusters(include=["all"])["clusters"] == [yard.CLUSTER]
    with pytest.raises(ClientError, match="connected cluster"):
        eks.update_cluster_version(name=yard.CLUSTER, version="1.35")
    with pytest.raises(ClientError, match="deregister it"):
        eks.delete_cluster(name=yard.CLUSTER)

    sizes = {"minSize": 0, "maxSize": 3, "desiredSize": 2}
    names = {"clusterName": yard.CLUSTER, "nodegroupName": "blue"}
    eks.create_nodegroup(**names, subnets=yard.SUBNETS, nodeRole=yard.ROLE, scalingConfig=sizes)
    attached.until(lambda: attached.status("blue") == "ACTIVE")
    assert len([node for node in yard.nodes(attached.world).values() if yard.ready_since(node)]) == 2
    # Its VPC is that of its first group; in it every group has its subnets.
    assert eks.describe_cluster(name=yard.CLUSTER)["cluster"]["resourcesVpcConfig"]["vpcId"]
    # Rights in it are granted by its owner: nothing of ours was made in it.
    with pytest.raises(OSError, match="404"):
        yard.kubernetes(
            attached.world, "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/eks:node-manager"
        )
    with pytest.raises(ClientError, match="nodegroups attached"):
        eks.deregister_cluster(name=yard.CLUSTER)

    yard.a_workload(attached.world, replicas=2, available=1)
    eks.update_nodegroup_config(**names, scalingConfig={"desiredSize": 1})
    attached.until(lambda: len(yard.nodes(attached.world)) == 1 and attached.status("blue") == "ACTIVE")
    yard.set_budget(attached.world, 0)
    eks.delete_nodegroup(**names)
    attached.until(lambda: attached.status("blue") == "")
    assert yard.made(attached.world) == {"groups": 0, "templates": 0, "profiles": 0, "instances": 0}
    assert yard.nodes(attached.world) == {}
    eks.deregister_cluster(name=yard.CLUSTER)
    attached.until(lambda: eks.list_clusters(include=["all"])["clusters"] == [])
    with sqlite3.connect(attached.database) as raw:
        assert raw.execute("select count(*) from credentials").fetchone() == (0,)
        kinds = {json.loads(row[0])["kind"] for row in raw.execute("select document from event")}
    assert {"ClusterAttached", "DrainStarted", "ClusterDeleted"} <= kinds


def test_credentials_are_tried_before_they_are_kept_and_kept_sealed(
    attached: Attached, capsys: pytest.CaptureFixture[str]
) -> None:
    eks = attached.eks
    attached.cluster = "prod"
    attached.knows(token="wrong-token-of-nobody")
    assert attached.attach() == 2
    assert "Unauthorized" in capsys.readouterr().err
    attached.knows(
        exec={"command": "sh", "args": ["-c", "id"], "apiVersion": "client.authentication.k8s.io/v1"}
    )
    assert attached.attach() == 2
    assert "--allow-exec" in capsys.readouterr().err
    assert eks.list_clusters(include=["all"])["clusters"] == []

    role = f"arn:aws-cn:iam::{ACCOUNT}:role/connector"
    config = {"provider": "OTHER", "roleArn": role}
    registered = eks.register_cluster(name="prod", connectorConfig=config)["cluster"]
    assert (registered["status"], registered["connectorConfig"]["roleArn"]) == ("PENDING", role)
    with pytest.raises(ClientError, match="is not in ACTIVE status"):
        eks.create_nodegroup(
            clusterName="prod", nodegroupName="blue", subnets=yard.SUBNETS, nodeRole=yard.ROLE
        )
    attached.knows()
    assert attached.attach() == 0
    assert eks.describe_cluster(name="prod")["cluster"]["status"] == "ACTIVE"
    backup = attached.folder / "backup"
    database = f"sqlite:///{attached.folder / 'serve.db'}"
    assert run(["backup", str(backup), "--database-url", database]) == 0
    with sqlite3.connect(attached.database) as raw:
        (sealed,) = raw.execute("select sealed from credentials").fetchone()
        everything = "\n".join(raw.iterdump())
    everything += attached.log() + gzip.decompress(backup.read_bytes()).decode()
    assert sealed.startswith("v1.") and sealed in everything
    assert attached.token not in everything and "of-another-cluster" not in everything
