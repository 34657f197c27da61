"""Issues that come to a group that was well, each with its fault, and that go with it."""

from __future__ import annotations

from nodeyard.model.commands import TemplateSpec
from nodeyard.model.status import NodegroupStatus
from tests.unit.health.ward import GROUP, Ward


def test_access_denied_degrades_a_group_until_the_service_may_act_again(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("access-denied", "AccessDenied", degraded=True, group=GROUP)
    assert "not authorized" in issue["message"]


def test_access_denied_also_tells_of_a_broken_aws_auth(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("aws-auth-broken", "AccessDenied", degraded=True)
    assert "aws-auth ConfigMap" in issue["message"]


def test_ami_id_not_found_degrades_a_group_until_the_image_is_back(ward: Ward) -> None:
    image = ward.create().image_id
    issue = ward.falls_ill("deleted-image", "AmiIdNotFound", degraded=True, group=GROUP)
    assert issue["resourceIds"] == [image]


def test_asg_instance_launch_failures_degrade_a_group_that_cannot_grow(ward: Ward) -> None:
    name = ward.create().auto_scaling_group_name
    ward.faults.set("capacity-shortage", group=GROUP, amount=2)
    ward.ended(ward.simulation.scale(GROUP, 4))
    issue = ward.until_issue("AsgInstanceLaunchFailures")
    assert issue["resourceIds"] == [name]
    assert "Could not launch On-Demand Instances. InsufficientInstanceCapacity - " in issue["message"]
    ward.until(NodegroupStatus.DEGRADED)
    ward.faults.clear("capacity-shortage")
    ward.until_well("AsgInstanceLaunchFailures", within_s=1200)
    ward.until(NodegroupStatus.ACTIVE)


def test_a_starving_zone_gets_no_instance_and_the_others_get_them_all(ward: Ward) -> None:
    ward.faults.set("zone-starve", zone="eu-west-1b")
    ward.create(3)
    zones = {each.zone for each in ward.simulation.auto_scaling_group(GROUP).instances}
    assert zones == {"eu-west-1a", "eu-west-1c"}


def test_auto_scaling_group_not_found_degrades_until_the_group_is_back(ward: Ward) -> None:
    name = ward.create().auto_scaling_group_name
    issue = ward.falls_ill(
        "deleted-auto-scaling-group", "AutoScalingGroupNotFound", degraded=True, group=GROUP
    )
    assert issue["resourceIds"] == [name]


def test_a_group_is_deleted_whole_while_its_auto_scaling_group_counts_as_deleted(ward: Ward) -> None:
    ward.create()
    ward.faults.set("deleted-auto-scaling-group", group=GROUP)
    ward.until_issue("AutoScalingGroupNotFound")
    ward.delete()
    ward.simulation.run_for(7200)
    assert ward.simulation.fleet.machines_now() == ()


def test_auto_scaling_group_invalid_configuration_names_what_was_changed(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("auto-scaling-drift", "AutoScalingGroupInvalidConfiguration", degraded=True)
    assert "Launch-LC-Hook is missing" in issue["message"] and "Launch is suspended" in issue["message"]


def test_auto_scaling_group_opt_in_required_degrades_until_the_account_signed_up(ward: Ward) -> None:
    ward.create()
    ward.falls_ill("opt-in-required", "AutoScalingGroupOptInRequired", degraded=True)


def test_auto_scaling_group_rate_limit_exceeded_is_told_while_calls_are_throttled(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("throttle-burst-autoscaling", "AutoScalingGroupRateLimitExceeded", degraded=False)
    assert "Rate exceeded" in issue["message"]


def test_auto_scaling_group_instance_refresh_active_stands_in_the_way_of_updates(ward: Ward) -> None:
    name = ward.create().auto_scaling_group_name
    issue = ward.falls_ill("instance-refresh", "AutoScalingGroupInstanceRefreshActive", degraded=False)
    assert issue["resourceIds"] == [name]


def test_cluster_unreachable_is_told_while_the_api_server_does_not_answer(ward: Ward) -> None:
    ward.create()
    ward.falls_ill("cluster-unreachable", "ClusterUnreachable", degraded=False)


def test_ec2_instance_type_does_not_exist_names_the_types(ward: Ward) -> None:
    ward.create(instance_types=("t3.medium", "t3.large"))
    issue = ward.falls_ill("instance-type-not-offered", "Ec2InstanceTypeDoesNotExist", degraded=True)
    assert issue["resourceIds"] == ["t3.medium", "t3.large"]


def test_ec2_launch_template_not_found_degrades_until_the_template_is_back(ward: Ward) -> None:
    template = ward.create().resources.launch_template_id
    issue = ward.falls_ill("deleted-launch-template", "Ec2LaunchTemplateNotFound", degraded=True, group=GROUP)
    assert issue["resourceIds"] == [template]


def test_ec2_launch_template_version_mismatch_degrades_until_it_is_reverted(ward: Ward) -> None:
    made = ward.create()
    issue = ward.falls_ill("template-drift", "Ec2LaunchTemplateVersionMismatch", degraded=True, group=GROUP)
    assert issue["resourceIds"] == [made.resources.launch_template_id, made.auto_scaling_group_name]


def test_source_ec2_launch_template_not_found_degrades_until_the_template_is_back(ward: Ward) -> None:
    source = ward.simulation.region.add_template("mine", {"InstanceType": "t3.large"})
    ward.create(launch_template=TemplateSpec(id=source.id, version="1"))
    issue = ward.falls_ill("deleted-source-template", "SourceEc2LaunchTemplateNotFound", degraded=True)
    assert issue["resourceIds"] == [source.id]


def test_ec2_security_group_not_found_names_the_security_group_of_the_cluster(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("deleted-security-group", "Ec2SecurityGroupNotFound", degraded=True)
    assert issue["resourceIds"] == [ward.simulation.cluster().security_group_id]


def test_ec2_subnet_not_found_names_the_subnet_of_the_zone(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("deleted-subnet", "Ec2SubnetNotFound", degraded=True, zone="eu-west-1b")
    assert issue["resourceIds"] == [ward.simulation.subnets()[1]]


def test_iam_instance_profile_not_found_degrades_until_the_profile_is_back(ward: Ward) -> None:
    name = ward.create().instance_profile_name
    issue = ward.falls_ill("deleted-instance-profile", "IamInstanceProfileNotFound", degraded=True)
    assert issue["resourceIds"] == [name]


def test_iam_node_role_not_found_degrades_until_the_role_is_back(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("deleted-role", "IamNodeRoleNotFound", degraded=True, group=GROUP)
    assert issue["resourceIds"] == [ward.simulation.node_role]


def test_iam_throttling_is_told_while_calls_are_throttled(ward: Ward) -> None:
    ward.create()
    ward.falls_ill("throttle-burst-iam", "IamThrottling", degraded=False)


def test_instance_limit_exceeded_does_not_degrade_a_group(ward: Ward) -> None:
    ward.create()
    ward.faults.set("vcpu-limit", group=GROUP, amount=4)
    ward.ended(ward.simulation.scale(GROUP, 3))
    assert "VcpuLimitExceeded" in ward.until_issue("InstanceLimitExceeded")["message"]
    assert ward.status is NodegroupStatus.ACTIVE
    ward.faults.clear("vcpu-limit")
    ward.until_well("InstanceLimitExceeded", within_s=1200)


def test_insufficient_free_addresses_names_the_subnet_and_does_not_degrade(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill(
        "address-exhaustion", "InsufficientFreeAddresses", degraded=False, zone="eu-west-1a"
    )
    assert issue["resourceIds"] == [ward.simulation.subnets()[0]]


def test_internal_failure_is_told_while_aws_has_a_fault_of_its_own(ward: Ward) -> None:
    ward.create()
    ward.falls_ill("aws-outage", "InternalFailure", degraded=False)


def test_limit_exceeded_is_told_while_ec2_throttles(ward: Ward) -> None:
    ward.create()
    ward.falls_ill("throttle-burst-ec2", "LimitExceeded", degraded=False)


def test_unknown_is_told_of_an_error_without_a_name(ward: Ward) -> None:
    ward.create()
    issue = ward.falls_ill("unknown-answer", "Unknown", degraded=False)
    assert "Inexplicable" in issue["message"]
