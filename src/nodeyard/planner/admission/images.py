"""Which image a group gets: AMI type, Kubernetes version, release; and whether its instances run it.

Source: reference, AMI, version and instance checks.
"""

from __future__ import annotations

from nodeyard.catalog import Release, default_for
from nodeyard.model.commands import CreateNodegroup
from nodeyard.model.limits import DEFAULT_INSTANCE_TYPE, INSTANCE_TYPES_MAX
from nodeyard.planner.admission import templates
from nodeyard.planner.admission.facts import CreateFacts


def version_of(command: CreateNodegroup, facts: CreateFacts) -> str:
    """Return the Kubernetes minor of the group: the cluster's, or that of an image of the user's list."""
    own = own_release(command, facts)
    if own is not None:
        return own.kubernetes_version
    return command.version or (facts.cluster.version if facts.cluster else "")


def ami_type_of(command: CreateNodegroup, facts: CreateFacts) -> str:
    """Return the AMI type asked for, or the default of the Kubernetes version.

    The instance types do not choose it: an ARM type without an ARM amiType is refused.
    Source: reference, defaults and end of AL2.
    """
    if templates.image_of(facts) is not None:
        return "CUSTOM"
    return command.ami_type or default_for(version_of(command, facts))


def own_release(command: CreateNodegroup, facts: CreateFacts) -> Release | None:
    """Return the release of the user's list that the image of the launch template is."""
    image = templates.image_of(facts)
    if image is None or facts.cluster is None:
        return None
    return facts.catalog.own.by_image(facts.cluster.scope.region, image)


def release_of(command: CreateNodegroup, facts: CreateFacts) -> Release | None:
    """Return the release asked for, or the newest; None when there is none."""
    ami_type, version = ami_type_of(command, facts), version_of(command, facts)
    if ami_type == "CUSTOM" or facts.catalog.ami_type(ami_type) is None or facts.cluster is None:
        return own_release(command, facts)
    region = facts.cluster.scope.region
    if command.release_version is None:
        return facts.catalog.latest_release(ami_type, version, region)
    return facts.catalog.find_release(ami_type, version, command.release_version, region)


def number(version: str) -> tuple[int, ...]:
    """Return a minor such as 1.34 as what it is ordered by."""
    return tuple(int(part) for part in version.split("."))


def _own_version(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    have = facts.cluster.version if facts.cluster else None
    own = own_release(command, facts)
    if own is None or have is None or number(own.kubernetes_version) <= number(have):
        return None
    return (
        f"The image of the launch template is release {own.release_version} of {own.ami_type} for "
        f"Kubernetes {own.kubernetes_version}, newer than {have}, the version of cluster {command.cluster}"
    )


def _version(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    have = facts.cluster.version if facts.cluster else None
    if command.version is None or command.version == have:
        return None
    return (
        f"Requested Kubernetes version {command.version} is not the cluster's: "
        f"node groups of {command.cluster} are created with version {have}"
    )


def _no_release(command: CreateNodegroup, facts: CreateFacts) -> bool:
    return ami_type_of(command, facts) != "CUSTOM" and release_of(command, facts) is None


def _ami_type(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    ami_type, version = ami_type_of(command, facts), version_of(command, facts)
    if not _no_release(command, facts) or facts.catalog.releases(ami_type, version):
        return None
    return f"AMI Type {ami_type} is not supported for kubernetes version {version}"


def _release(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    version = version_of(command, facts)
    if not _no_release(command, facts) or not facts.catalog.releases(ami_type_of(command, facts), version):
        return None
    return (
        f"Requested release version {command.release_version} is not valid for kubernetes version {version}."
    )


def _types_exist(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    from_template = templates.instance_type_of(facts)
    named = [*(command.instance_types or ()), *([from_template] if from_template else [])]
    if len(named) > INSTANCE_TYPES_MAX:
        return f"At most {INSTANCE_TYPES_MAX} instance types can be listed, not {len(named)}"
    known = facts.offered_types
    missing = [
        name for name in named if name not in known and (command.instance_types or not _known(name, facts))
    ]
    if missing:
        return f"The following supplied instance types do not exist: [{', '.join(missing)}]"
    return None


def _known(name: str, facts: CreateFacts) -> bool:
    return facts.catalog.instance_type(name) is not None


def _architecture(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    own = own_release(command, facts)
    ami_type = own.ami_type if own else ami_type_of(command, facts)
    wanted = facts.catalog.ami_type(ami_type)
    if wanted is None or not wanted.architecture:
        return None
    from_template = templates.instance_type_of(facts)
    named = command.instance_types or (from_template or DEFAULT_INSTANCE_TYPE,)
    other = []
    for name in named:
        known = facts.catalog.instance_type(name)
        if known is not None and known.architecture != wanted.architecture:
            other.append(name)
    if other:
        return f"[{', '.join(other)}] is not a valid instance type for requested amiType {ami_type}"
    return None


RULES: tuple[tuple[str, templates.Rule], ...] = (
    ("launchTemplate", _own_version),
    ("version", _version),
    ("amiType", _ami_type),
    ("releaseVersion", _release),
    ("instanceTypes", _types_exist),
    ("instanceTypes", _architecture),
)
"""The member of the request that is at fault, and what says so."""
