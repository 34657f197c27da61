"""Issues of groups that are being updated or deleted, and what issues mean for version updates."""

from __future__ import annotations

import pytest

from nodeyard.model.nodegroup import RemoteAccess
from nodeyard.model.refusal import RefusedError
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.simulation import deployment
from tests.unit.health.ward import GROUP, Ward

OLD_RELEASE = "1.34.0-20250930"


def test_ec2_launch_template_version_max_limit_exceeded_holds_an_update_until_there_is_room(
    ward: Ward,
) -> None:
    template = ward.create(release_version=OLD_RELEASE).resources.launch_template_id
    ward.faults.set("quota-launch-template-versions", group=GROUP)
    update = ward.simulation.update_version(GROUP)
    issue = ward.until_issue("Ec2LaunchTemplateVersionMaxLimitExceeded")
    assert issue["resourceIds"] == [template]
    assert ward.status is NodegroupStatus.UPDATING
    ward.faults.clear("all")
    assert ward.ended(update).status is UpdateStatus.SUCCESSFUL
    assert ward.issues() == {}


def test_an_update_fails_when_the_quota_is_not_raised_in_time(ward: Ward) -> None:
    ward.create(release_version=OLD_RELEASE)
    ward.faults.set("quota-launch-template-versions", group=GROUP)
    update = ward.ended(ward.simulation.update_version(GROUP))
    assert update.status is UpdateStatus.FAILED
    assert "limit of versions" in update.errors[0].error_message


def test_pod_eviction_failure_names_the_nodes_while_pods_hold_them(ward: Ward) -> None:
    ward.create(2)
    ward.simulation.apply(deployment("web", 4))
    ward.simulation.run_for(60)
    ward.faults.set("finalizer-stick", group=GROUP)
    ward.simulation.scale(GROUP, 1)
    issue = ward.until_issue("PodEvictionFailure", within_s=600)
    assert set(issue["resourceIds"]) <= {each["metadata"]["name"] for each in ward.simulation.nodes()}
    ward.faults.clear("all")
    ward.until_well("PodEvictionFailure", within_s=600)
    ward.simulation.run_until(lambda: len(ward.simulation.nodes()) == 1, "one node is left", within_s=600)


def test_node_termination_failure_ends_a_deletion_that_can_be_tried_again(ward: Ward) -> None:
    ward.create()
    ward.faults.set("stuck-termination", group=GROUP)
    ward.simulation.delete_nodegroup(GROUP)
    ward.until(NodegroupStatus.DELETE_FAILED, within_s=2400)
    issue = ward.issues()["NodeTerminationFailure"]
    assert all(each.startswith("i-") for each in issue["resourceIds"])
    assert issue["message"].endswith("end it by hand. Delete the node group again then.")
    ward.faults.clear("stuck-termination")
    ward.delete()


def test_access_denied_ends_a_deletion_that_can_be_tried_again(ward: Ward) -> None:
    ward.create()
    ward.faults.set("access-denied", group=GROUP)
    ward.simulation.delete_nodegroup(GROUP)
    ward.until(NodegroupStatus.DELETE_FAILED, within_s=1200)
    assert "delete the node group again" in ward.issues()["AccessDenied"]["message"]
    ward.faults.clear("all")
    ward.delete()


def test_ec2_launch_template_deletion_failure_ends_a_deletion_that_can_be_tried_again(ward: Ward) -> None:
    template = ward.create().resources.launch_template_id
    ward.faults.set("launch-template-in-use", group=GROUP)
    ward.simulation.delete_nodegroup(GROUP)
    ward.until(NodegroupStatus.DELETE_FAILED, within_s=1200)
    assert ward.issues()["Ec2LaunchTemplateDeletionFailure"]["resourceIds"] == [template]
    ward.faults.clear("all")
    ward.delete()


def test_ec2_security_group_deletion_failure_ends_a_deletion_that_can_be_tried_again(ward: Ward) -> None:
    group = ward.create(remote_access=RemoteAccess("key")).resources.remote_access_security_group
    ward.faults.set("security-group-in-use", group=GROUP)
    ward.simulation.delete_nodegroup(GROUP)
    ward.until(NodegroupStatus.DELETE_FAILED, within_s=1200)
    issue = ward.issues()["Ec2SecurityGroupDeletionFailure"]
    assert issue["resourceIds"] == [group]
    assert "DependencyViolation" in issue["message"]
    ward.faults.clear("all")
    ward.delete()


def test_a_version_update_is_refused_by_an_issue_that_blocks_it(ward: Ward) -> None:
    ward.create(release_version=OLD_RELEASE)
    ward.faults.set("template-drift", group=GROUP)
    ward.until_issue("Ec2LaunchTemplateVersionMismatch")
    with pytest.raises(RefusedError, match="health issue other than"):
        ward.simulation.update_version(GROUP)


def test_a_version_update_goes_on_beside_an_issue_that_is_tolerated(ward: Ward) -> None:
    ward.create(release_version=OLD_RELEASE)
    ward.faults.set("address-exhaustion", zone="eu-west-1c")
    ward.until_issue("InsufficientFreeAddresses")
    update = ward.simulation.update_version(GROUP)
    ward.faults.clear("all")
    assert ward.ended(update).status is UpdateStatus.SUCCESSFUL


def test_the_template_version_that_an_update_set_is_no_mismatch(ward: Ward) -> None:
    ward.create(release_version=OLD_RELEASE)
    seen: set[str] = set()
    ward.simulation.on_pause(lambda: seen.update(ward.issues()))
    assert ward.ended(ward.simulation.update_version(GROUP)).status is UpdateStatus.SUCCESSFUL
    ward.simulation.run_for(300)
    assert seen == set()
