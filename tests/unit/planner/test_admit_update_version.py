"""UpdateNodegroupVersion is judged row by row. Source: reference, version rules and template rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.model.commands import TemplateSpec, UpdateNodegroupVersion
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Nodegroup, TemplateRef
from nodeyard.model.refusal import Refused
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner import admission
from nodeyard.planner.admission import VersionAccepted, VersionFacts
from nodeyard.ports import TemplateVersion
from tests.nouns import a_nodegroup

CATALOG = catalog.default()
RELEASES = [each.release_version for each in CATALOG.releases("AL2023_x86_64_STANDARD", "1.33")]
OLD = CATALOG.find_release("AL2023_x86_64_STANDARD", "1.33", RELEASES[0])
assert OLD is not None
GROUP = a_nodegroup(version="1.33", release_version=RELEASES[0], image_id=OLD.image_id("eu-west-1"))
TEMPLATE = TemplateRef("lt-1", "mine", "3")
WITH_TEMPLATE = replace(GROUP, launch_template=TEMPLATE)
CUSTOM = replace(WITH_TEMPLATE, ami_type="CUSTOM", release_version="ami-1", image_id="ami-1")


def version_of(number: str, **data: Any) -> TemplateVersion:
    return TemplateVersion("lt-1", "mine", number, data)


def admitted(
    group: Nodegroup = GROUP,
    *,
    template: TemplateVersion | None = None,
    cluster: str = "1.34",
    **asked: Any,
) -> VersionAccepted | Refused:
    command = UpdateNodegroupVersion(cluster="prod", name="blue", **asked)
    facts = VersionFacts(group, cluster, template, CATALOG)
    return admission.admit_update_version(command, facts)


def accepted(*args: Any, **kwargs: Any) -> VersionAccepted:
    found = admitted(*args, **kwargs)
    assert isinstance(found, VersionAccepted), found
    return found


def test_nothing_asked_goes_to_the_newest_release_of_the_groups_own_minor() -> None:
    found = accepted()
    assert (found.target.version, found.target.release_version) == ("1.33", RELEASES[-1])
    assert found.params == (("Version", "1.33"), ("ReleaseVersion", RELEASES[-1]))
    assert not found.same


def test_a_version_goes_to_its_newest_release() -> None:
    assert accepted(version="1.34").target.release_version.startswith("1.34.")


@pytest.mark.parametrize("release", RELEASES)
def test_any_release_of_the_minor_is_accepted_older_ones_too(release: str) -> None:
    newest = replace(GROUP, release_version=RELEASES[-1])
    assert accepted(newest, release_version=release).target.release_version == release


def test_the_same_release_again_is_accepted_and_known_as_the_same() -> None:
    assert accepted(release_version=RELEASES[0]).same


def test_several_minors_at_once_are_accepted_up_to_the_control_plane() -> None:
    group = replace(GROUP, version="1.31")
    assert accepted(group, version="1.34").target.version == "1.34"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"version": "1.35"}, "newer than 1.34, the version of cluster prod"),
        ({"version": "1.32"}, "older than 1.33, the version of node group blue"),
        ({"version": "9.99"}, "unsupported Kubernetes version 9.99"),
        (
            {"release_version": "1.34.1-20251002"},
            "Requested release version 1.34.1-20251002 is not valid for kubernetes version 1.33.",
        ),
        ({"launch_template": TemplateSpec("lt-1", None, None)}, "was created without a launch template"),
    ],
)
def test_versions_and_templates_that_cannot_be_are_refused(asked: dict[str, Any], text: str) -> None:
    found = admitted(**asked)
    assert isinstance(found, Refused)
    assert found.code == "InvalidParameterException"
    assert text in found.message
    assert found.members == {"clusterName": "prod", "nodegroupName": "blue"}


def test_an_image_family_that_ended_is_refused() -> None:
    old = replace(GROUP, ami_type="AL2_x86_64", version="1.32")
    found = admitted(old, version="1.33")
    assert isinstance(found, Refused)
    assert found.message == "AMI Type AL2_x86_64 is not supported for kubernetes version 1.33"


def test_a_template_version_alone_keeps_the_release_and_names_only_the_template() -> None:
    found = accepted(WITH_TEMPLATE, template=version_of("4"), launch_template=TemplateSpec("lt-1", None, "4"))
    assert found.params == (("LaunchTemplateName", "mine"), ("LaunchTemplateVersion", "4"))
    assert (found.target.release_version, found.target.launch_template) == (
        RELEASES[0],
        TemplateRef("lt-1", "mine", "4"),
    )


def test_a_template_version_and_a_release_together_change_both() -> None:
    found = accepted(
        WITH_TEMPLATE,
        template=version_of("4"),
        launch_template=TemplateSpec(None, "mine", "4"),
        release_version=RELEASES[1],
    )
    assert [kind for kind, _ in found.params] == [
        "LaunchTemplateName",
        "LaunchTemplateVersion",
        "Version",
        "ReleaseVersion",
    ]


@pytest.mark.parametrize(
    ("group", "template", "asked", "text"),
    [
        (WITH_TEMPLATE, None, TemplateSpec("lt-1", "mine", None), "Either provide launch template ID or"),
        (WITH_TEMPLATE, None, TemplateSpec("lt-2", None, None), "uses launch template mine (lt-1) for life"),
        (WITH_TEMPLATE, None, TemplateSpec(None, "yours", None), "uses launch template mine (lt-1) for life"),
        (WITH_TEMPLATE, None, TemplateSpec("lt-1", None, "99"), "Launch template mine has no version 99"),
        (
            WITH_TEMPLATE,
            version_of("4", ImageId="ami-9"),
            TemplateSpec("lt-1", None, "4"),
            "create a new node group for it",
        ),
        (
            WITH_TEMPLATE,
            version_of("4", InstanceType="m5.large"),
            TemplateSpec("lt-1", None, "4"),
            "Cannot specify instance types in launch template and API request",
        ),
        (CUSTOM, None, None, "Launch template details can't be null for Custom ami type node group"),
        (CUSTOM, version_of("4"), TemplateSpec("lt-1", None, "4"), "names no image"),
        (
            WITH_TEMPLATE,
            version_of("4", IamInstanceProfile={"Name": "x"}),
            TemplateSpec("lt-1", None, "4"),
            "must not set an IAM instance profile",
        ),
    ],
)
def test_template_rules(
    group: Nodegroup, template: TemplateVersion | None, asked: TemplateSpec | None, text: str
) -> None:
    found = admitted(group, template=template, launch_template=asked)
    assert isinstance(found, Refused)
    assert text in found.message


def test_a_custom_image_takes_no_version_and_comes_from_the_template() -> None:
    spec = TemplateSpec("lt-1", None, "4")
    refused = admitted(
        CUSTOM, template=version_of("4", ImageId="ami-2"), launch_template=spec, version="1.34"
    )
    assert isinstance(refused, Refused)
    assert refused.message == "You cannot specify the field kubernetesVersion when using custom AMIs"
    found = accepted(CUSTOM, template=version_of("4", ImageId="ami-2"), launch_template=spec)
    assert (found.target.image_id, found.target.release_version) == ("ami-2", "ami-2")
    assert found.params == (("LaunchTemplateName", "mine"), ("LaunchTemplateVersion", "4"))


@pytest.mark.parametrize(
    "status",
    [s for s in NodegroupStatus if s not in (NodegroupStatus.ACTIVE, NodegroupStatus.DEGRADED)],
)
def test_only_settled_groups_are_updated(status: NodegroupStatus) -> None:
    found = admitted(replace(GROUP, status=status))
    assert isinstance(found, Refused)
    assert (found.code, found.message) == (
        "ResourceInUseException",
        "Nodegroup cannot be updated as it is currently not in Active State",
    )


def test_blocking_health_issues_refuse_and_tolerated_ones_do_not() -> None:
    drift = Issue(IssueCode.EC2_LAUNCH_TEMPLATE_VERSION_MISMATCH, "changed by hand")
    found = admitted(replace(GROUP, issues=(drift,)))
    assert isinstance(found, Refused)
    assert found.code == "InvalidRequestException"
    assert found.message.startswith("Nodegroup has health issue other than [ AsgInstanceLaunchFailures,")
    short = Issue(IssueCode.INSTANCE_LIMIT_EXCEEDED, "quota")
    assert accepted(replace(GROUP, status=NodegroupStatus.DEGRADED, issues=(short,)))


def test_a_new_template_version_keeps_a_release_that_aws_no_longer_tells_of() -> None:
    facts = VersionFacts(
        replace(WITH_TEMPLATE, release_version="1.33.0-20250101", image_id="ami-gone"),
        "1.34",
        version_of("4", InstanceType="m5.large"),
        catalog.of_aws(),
    )
    facts = replace(facts, group=replace(facts.group, instance_types=None))
    asked = UpdateNodegroupVersion(
        cluster="prod", name="blue", launch_template=TemplateSpec("lt-1", None, "4")
    )
    found = admission.admit_update_version(asked, facts)
    assert isinstance(found, VersionAccepted)
    assert (found.target.release_version, found.target.image_id) == ("1.33.0-20250101", "ami-gone")
    newest = admission.admit_update_version(UpdateNodegroupVersion(cluster="prod", name="blue"), facts)
    assert isinstance(newest, Refused), "AWS has told of no release to go to"
