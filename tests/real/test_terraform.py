"""Terraform and its AWS provider, as they were released, against `nodeyard up`: from nothing to nothing.

The provider is 3.40 of May 2021: it knows no taints, update configuration, repair or AL2023, and takes no
node group that begins with no nodes. What the console copies with these is judged in tests/browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import copied
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.terraform.workspace import Workspace, needed

pytestmark = pytest.mark.timeout(600)

SOURCE = Path(__file__).parent.parent / "terraform" / "shop.tf"
GROUP = "workers"
SPEED = "150"
"""Less than that of other tests: while a node has 15 minutes to join, Terraform wants the processor too."""
ADDRESS = "aws_eks_node_group.workers"
OLD, NEW, NEWEST = "1.32.0-20250116", "1.32.9-20251016", "1.32.13-20260714"
FIRST = {
    "desired": 1,
    "labels": {"team": "shop"},
    "tags": {"owner": "web"},
    "release": OLD,
    "template": "Ann",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Service, Workspace]]:
    needed()
    service = Service(tmp_path)
    service.start("--account-id", ACCOUNT, "--speed", SPEED)
    workspace = Workspace(tmp_path / "shop", service.endpoint)
    (workspace.folder / "main.tf").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    yield service, workspace
    service.kill()


def test_terraform_makes_changes_imports_and_destroys_node_groups(
    shop: tuple[Service, Workspace], tmp_path: Path
) -> None:
    service, workspace = shop
    _makes(service, workspace)
    changed = _changes_and_adds_what_the_console_copies(service, workspace, tmp_path)
    changed = _updates_and_removes_what_was_added(service, workspace, changed)
    _ends_with_the_words_of_an_update_that_fails(service, workspace, changed)
    _forgets_and_imports(workspace, changed)
    workspace.run("destroy", "-auto-approve", "-no-color", "-input=false")
    assert service.client("eks").list_clusters()["clusters"] == []
    assert not any(yard.made(service).values())


def _makes(service: Service, workspace: Workspace) -> None:
    workspace.set(group=FIRST)
    workspace.run("init", "-no-color", "-input=false")
    workspace.apply()
    found = _group(service, GROUP)
    assert (found["status"], found["releaseVersion"]) == ("ACTIVE", OLD)
    assert (found["labels"], found["tags"]) == (FIRST["labels"], FIRST["tags"])
    assert len(yard.nodes(service)) == 1


def _changes_and_adds_what_the_console_copies(
    service: Service, workspace: Workspace, folder: Path
) -> dict[str, Any]:
    known = _group(service, GROUP)
    request = {
        "clusterName": yard.CLUSTER,
        "nodegroupName": "copied",
        "nodeRole": known["nodeRole"],
        "subnets": known["subnets"],
        "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 1},
        "amiType": "AL2_x86_64",
        "capacityType": "ON_DEMAND",
        "instanceTypes": ["m5.large", "m5.xlarge"],
        "diskSize": 33,
        "labels": {"team": "web", "example.com/a-longer-key": "yes"},
        "tags": {"${owner}": 'a "b" \\ %{if}', "größe": "groß", "cost": "'1'"},
    }
    (text,) = copied.written(folder, [request], REGION)
    (workspace.folder / "copied.tf").write_text(text["Terraform"], encoding="utf-8")
    changed = FIRST | {"desired": 2, "labels": {"tier": "web"}, "tags": {"owner": "shop"}}
    workspace.set(group=changed)
    assert "1 added, 1 changed, 0 destroyed" in workspace.apply()
    found = _group(service, GROUP)
    assert (found["scalingConfig"]["desiredSize"], found["labels"]) == (2, {"tier": "web"})
    assert found["tags"] == {"owner": "shop"}
    found = _group(service, "copied") | {"subnets": request["subnets"]}
    assert found["status"] == "ACTIVE"
    assert {member: found[member] for member in request} == request
    assert workspace.is_done()
    return changed


def _updates_and_removes_what_was_added(
    service: Service, workspace: Workspace, changed: dict[str, Any]
) -> dict[str, Any]:
    (workspace.folder / "copied.tf").unlink()
    changed = changed | {"release": NEW, "template": "Bob"}
    workspace.set(group=changed)
    assert "0 added, 2 changed, 1 destroyed" in workspace.apply()
    found = _group(service, GROUP)
    assert (found["releaseVersion"], found["launchTemplate"]["version"]) == (NEW, "2")
    assert _tags_of_instances(service)["kept-by"] == "Bob"
    return changed


def _ends_with_the_words_of_an_update_that_fails(
    service: Service, workspace: Workspace, changed: dict[str, Any]
) -> None:
    yard.a_workload(service, replicas=2, available=2)
    workspace.set(group=changed | {"release": NEWEST})
    told = " ".join(workspace.apply(code=1).split())
    assert "Code: PodEvictionFailure / Message: Reached max retries while trying to evict pods" in told
    assert "PodDisruptionBudget default/web needs 2 healthy pods and has 2" in told
    assert _group(service, GROUP)["releaseVersion"] == NEW
    yard.set_budget(service, 1)


def _forgets_and_imports(workspace: Workspace, changed: dict[str, Any]) -> None:
    workspace.set(group=changed)
    workspace.run("state", "rm", ADDRESS)
    workspace.run("import", "-input=false", "-no-color", ADDRESS, f"{yard.CLUSTER}:{GROUP}")
    assert workspace.is_done()


def _group(service: Service, name: str) -> dict[str, Any]:
    answer = service.client("eks").describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)
    found: dict[str, Any] = answer["nodegroup"]
    return found


def _tags_of_instances(service: Service) -> dict[str, str]:
    """Return the tags that all instances which run have."""
    found = [
        {(tag["Key"], tag["Value"]) for tag in instance["Tags"]}
        for reservation in service.client("ec2").describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    return dict(set.intersection(*found))
