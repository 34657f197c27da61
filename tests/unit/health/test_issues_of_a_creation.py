"""Issues of groups that are being made: shown while it lasts, or the end of it where waiting cannot help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nodeyard.model.status import NodegroupStatus
from nodeyard.ports import Changes
from tests.unit.health.ward import GROUP, Ward


def test_ec2_launch_template_invalid_configuration_ends_a_creation_at_once(ward: Ward) -> None:
    issue = ward.fails_to_be_made("bad-user-data", "Ec2LaunchTemplateInvalidConfiguration")
    assert "User data was not in the MIME multipart format." in issue["message"]


def test_ec2_launch_template_max_limit_exceeded_ends_a_creation_at_once(ward: Ward) -> None:
    issue = ward.fails_to_be_made("quota-launch-templates", "Ec2LaunchTemplateMaxLimitExceeded")
    assert "quota" in issue["message"]


def test_ec2_subnet_invalid_configuration_ends_a_creation_and_names_the_subnets(ward: Ward) -> None:
    subnets = list(ward.simulation.subnets())
    issue = ward.fails_to_be_made("public-subnet-without-address", "Ec2SubnetInvalidConfiguration")
    assert issue["resourceIds"] == subnets
    assert "does not automatically assign public IP addresses" in issue["message"]


def test_ec2_subnet_missing_ipv6_assignment_ends_a_creation_in_an_ipv6_cluster(ward: Ward) -> None:
    network = {"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}
    cluster = replace(ward.simulation.cluster(), request=network)
    ward.simulation.do(ward.simulation.store.commit(Changes(put=(cluster,))))
    issue = ward.fails_to_be_made("missing-ipv6", "Ec2SubnetMissingIpv6Assignment")
    assert issue["resourceIds"] == list(ward.simulation.subnets())


def test_subnets_without_ipv6_are_no_matter_in_an_ipv4_cluster(ward: Ward) -> None:
    ward.faults.set("missing-ipv6")
    assert ward.create().issues == ()


def test_ec2_subnet_list_too_long_ends_a_creation_at_once(ward: Ward) -> None:
    ward.fails_to_be_made("quota-subnets", "Ec2SubnetListTooLong")


def test_iam_limit_exceeded_ends_a_creation_at_once(ward: Ward) -> None:
    ward.fails_to_be_made("quota-instance-profiles", "IamLimitExceeded")


def test_auto_scaling_group_opt_in_required_ends_a_creation_at_once(ward: Ward) -> None:
    ward.fails_to_be_made("opt-in-required", "AutoScalingGroupOptInRequired")


def test_limit_exceeded_holds_a_creation_until_the_quota_is_raised(ward: Ward) -> None:
    ward.waits_to_be_made("quota-auto-scaling-groups", "LimitExceeded")


def test_kubernetes_label_invalid_holds_a_creation_until_the_labels_are_taken(ward: Ward) -> None:
    labels = {"node-role.kubernetes.io/worker": "true"}
    issue = ward.waits_to_be_made("bad-label", "KubernetesLabelInvalid", labels=labels)
    assert "node-role.kubernetes.io/worker" in issue["message"]


@pytest.mark.parametrize("fault", ["never-join", "never-ready", "kubelet-mute"])
def test_node_creation_failure_is_told_long_before_the_deadline(ward: Ward, fault: str) -> None:
    issue = ward.waits_to_be_made(fault, "NodeCreationFailure")
    absent = fault == "never-join"
    said = (
        "Instances failed to join the kubernetes cluster" if absent else "Unhealthy nodes in the kubernetes"
    )
    assert said in issue["message"]
    assert all(each.startswith("i-") for each in issue["resourceIds"])


def test_a_creation_without_nodes_fails_at_its_deadline_and_can_be_deleted(ward: Ward) -> None:
    ward.faults.set("never-join", group=GROUP)
    ward.create(active=False)
    ward.until(NodegroupStatus.CREATE_FAILED, within_s=36 * 60)
    assert "NodeCreationFailure" in ward.issues()
    ward.delete()


def test_an_error_that_lasts_ends_a_creation_at_its_deadline(ward: Ward) -> None:
    ward.faults.set("throttle-burst-autoscaling", group=GROUP)
    ward.create(active=False)
    ward.until(NodegroupStatus.CREATE_FAILED, within_s=37 * 60)
    assert "AutoScalingGroupRateLimitExceeded" in ward.issues()
    ward.faults.clear("all")
    ward.delete()
