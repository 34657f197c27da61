"""UpdateNodegroupVersion: refuse it, or say what every node shall run and which params the update has.

Source: reference, UpdateNodegroupVersion, version rules, AMI checks, launch template combinations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nodeyard.catalog import Release
from nodeyard.model.commands import UpdateNodegroupVersion
from nodeyard.model.health import TOLERATED_BY_VERSION_UPDATES
from nodeyard.model.nodegroup import Nodegroup, TemplateRef
from nodeyard.model.refusal import Refused
from nodeyard.model.rollout import Target
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner.admission import templates
from nodeyard.planner.admission.facts import VersionFacts

CUSTOM = "CUSTOM"
NOT_ACTIVE = "Nodegroup cannot be updated as it is currently not in Active State"
UNHEALTHY = (
    "Nodegroup has health issue other than [ AsgInstanceLaunchFailures, InstanceLimitExceeded, "
    "InsufficientFreeAddresses, ClusterUnreachable]"
)


@dataclass(frozen=True, slots=True)
class VersionAccepted:
    """What the nodes become, the update's params, and whether the record says so already."""

    target: Target
    params: tuple[tuple[str, str], ...]
    same: bool


Rule = Callable[[UpdateNodegroupVersion, VersionFacts], str | None]


def admit(command: UpdateNodegroupVersion, facts: VersionFacts) -> VersionAccepted | Refused:
    """Judge a version update of one group."""
    group = facts.group
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    if group.status not in (NodegroupStatus.ACTIVE, NodegroupStatus.DEGRADED):
        return Refused("ResourceInUseException", NOT_ACTIVE, members)
    blocking = sorted({i.code.value for i in group.issues if i.code not in TOLERATED_BY_VERSION_UPDATES})
    if blocking:
        return Refused("InvalidRequestException", f"{UNHEALTHY}: {', '.join(blocking)}", members)
    for rule in RULES:
        fault = rule(command, facts)
        if fault is not None:
            return Refused("InvalidParameterException", fault, members)
    target = _target(command, facts)
    before = Target(group.version, group.release_version, group.image_id, group.launch_template)
    return VersionAccepted(target, _params(command, target, group), target == before)


def _image(facts: VersionFacts) -> str | None:
    return facts.template.data.get("ImageId") if facts.template else None


def _template(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    asked, have = command.launch_template, facts.group.launch_template
    if asked is None:
        return None
    if bool(asked.id) == bool(asked.name):
        return "Either provide launch template ID or launch template name in the request."
    if have is None:
        return (
            f"Node group {command.name} was created without a launch template and cannot get one: "
            "create a new node group with it"
        )
    if (asked.id or have.id, asked.name or have.name) != (have.id, have.name):
        return (
            f"Node group {command.name} uses launch template {have.name} ({have.id}) for life: "
            "send another version of it, or create a new node group"
        )
    if facts.template is None:
        return f"Launch template {have.name} has no version {asked.version or '$Default'}"
    return None


def _kind(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    """Judge custom images: they come from the template alone, and a group stays of its kind."""
    group = facts.group
    if group.ami_type != CUSTOM:
        if _image(facts) is not None:
            return (
                "The launch template version names an image, and node group "
                f"{command.name} takes EKS images: create a new node group for it"
            )
        return None
    if _line(facts) != CUSTOM and command.launch_template is None:
        return None  # goes along the user's own releases
    if command.launch_template is None:
        return "Launch template details can't be null for Custom ami type node group"
    if command.version is not None:
        return "You cannot specify the field kubernetesVersion when using custom AMIs"
    if command.release_version is not None:
        return "You cannot specify the field releaseVersion when using custom AMIs"
    if _image(facts) is None:
        return (
            f"Launch template version {facts.template.version if facts.template else ''} names no image, and "
            f"node group {command.name} takes its image from there"
        )
    return None


def _types(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    inside = facts.template.data.get("InstanceType") if facts.template else None
    if inside and facts.group.instance_types:
        return "Cannot specify instance types in launch template and API request"
    if facts.template is not None and not inside and not facts.group.instance_types:
        return (
            f"Launch template version {facts.template.version} names no instance type, and node group "
            f"{command.name} has none of its own"
        )
    return None


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _version(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    asked, have, control_plane = command.version, facts.group.version, facts.cluster_version
    if asked is None:
        return None
    if facts.catalog.version(asked) is None:
        return f"unsupported Kubernetes version {asked}"
    if _minor(asked) > _minor(control_plane):
        return (
            f"Requested kubernetes version {asked} is newer than {control_plane}, the version of cluster "
            f"{command.cluster}: update the cluster first"
        )
    if _minor(asked) < _minor(have):
        return (
            f"Requested kubernetes version {asked} is older than {have}, the version of node group "
            f"{command.name}: a node group cannot go back to an older minor version"
        )
    return None


def _release(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    line = _line(facts)
    if line == CUSTOM or _by_template(command, facts) or _wanted(command, facts) is not None:
        return None
    version = command.version or facts.group.version
    if not facts.catalog.releases(line, version, facts.group.scope.region):
        return f"AMI Type {line} is not supported for kubernetes version {version}"
    asked = command.release_version or facts.group.release_version
    return f"Requested release version {asked} is not valid for kubernetes version {version}."


def _inside(command: UpdateNodegroupVersion, facts: VersionFacts) -> str | None:
    return None if facts.template is None else templates.fault_inside(facts.template.data)


RULES: tuple[Rule, ...] = (_template, _kind, _inside, _types, _version, _release)


def _line(facts: VersionFacts) -> str:
    """Return the type along whose releases the group moves; CUSTOM when its image is on no list."""
    group = facts.group
    return facts.catalog.line(group.ami_type, group.image_id, group.scope.region)


def _by_template(command: UpdateNodegroupVersion, facts: VersionFacts) -> bool:
    """Tell whether the image is the one that a new version of the launch template names."""
    return facts.group.ami_type == CUSTOM and command.launch_template is not None


def _wanted(command: UpdateNodegroupVersion, facts: VersionFacts) -> Release | None:
    """Return the release to go to: the one asked for, or the newest of the minor.

    A change of the launch template alone keeps the release (ours; samples show no release in it).
    """
    group, version = facts.group, command.version or facts.group.version
    asked = command.release_version
    if asked is None and command.launch_template is not None and command.version is None:
        asked = group.release_version
    line, region = _line(facts), group.scope.region
    if asked is None:
        return facts.catalog.latest_release(line, version, region)
    found = facts.catalog.find_release(line, version, asked, region)
    if found is None and (version, asked) == (group.version, group.release_version) and group.image_id:
        # AWS need not tell any more of a release that the group runs.
        return Release(line, version, asked, "", "", ((region, group.image_id),))
    return found


def _target(command: UpdateNodegroupVersion, facts: VersionFacts) -> Target:
    group = facts.group
    template = group.launch_template
    if facts.template is not None:
        template = TemplateRef(facts.template.id, facts.template.name, facts.template.version)
    if _by_template(command, facts):
        image = _image(facts) or ""
        own = facts.catalog.own.by_image(group.scope.region, image)
        if own is not None:
            return Target(own.kubernetes_version, own.release_version, image, template)
        return Target(group.version, image, image, template)
    release = _wanted(command, facts)
    assert release is not None, "the rules refuse a release that does not exist"
    image = release.image_id(group.scope.region)
    return Target(release.kubernetes_version, release.release_version, image, template)


def _params(command: UpdateNodegroupVersion, target: Target, group: Nodegroup) -> tuple[tuple[str, str], ...]:
    params: tuple[tuple[str, str], ...] = ()
    if command.launch_template is not None and target.launch_template is not None:
        params += (
            ("LaunchTemplateName", target.launch_template.name),
            ("LaunchTemplateVersion", target.launch_template.version),
        )
    alone = command.launch_template is not None and not (command.version or command.release_version)
    if not alone:
        params += (("Version", target.version), ("ReleaseVersion", target.release_version))
    return params
