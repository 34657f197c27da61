"""Which image a group gets: AMI type, Kubernetes version, release; and whether its instances run it.

Source: reference, AMI, version and instance checks.
"""

from __future__ import annotations

from collections.abc import Callable

from nodeyard.catalog import Release, default_for
from nodeyard.model.commands import CreateNodegroup
from nodeyard.planner.admission import templates
from nodeyard.planner.admission.facts import CreateFacts


def version_of(command: CreateNodegroup, facts: CreateFacts) -> str:
    """Return the Kubernetes minor of the group: the cluster's."""
    return command.version or (facts.cluster.version if facts.cluster else "")


def ami_type_of(command: CreateNodegroup, facts: CreateFacts) -> str:
    """Return the AMI type asked for, or the default for what the group runs on."""
    if templates.image_of(facts) is not None:
        return "CUSTOM"
    return command.ami_type or _default(command, facts)


def _default(command: CreateNodegroup, facts: CreateFacts) -> str:
    usual = default_for(version_of(command, facts))
    named = facts.catalog.instance_type((command.instance_types or ("",))[0])
    inside = facts.catalog.instance_type(templates.instance_type_of(facts) or "")
    first = named or inside
    if first is None or (first.architecture == "x86_64" and first.accelerator is None):
        return usual
    family = "AL2" if usual.startswith("AL2_") else "AL2023"
    by_kind = {
        ("AL2", "arm64", None): "AL2_ARM_64",
        ("AL2", "x86_64", "nvidia"): "AL2_x86_64_GPU",
        ("AL2023", "arm64", None): "AL2023_ARM_64_STANDARD",
        ("AL2023", "arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
        ("AL2023", "x86_64", "nvidia"): "AL2023_x86_64_NVIDIA",
        ("AL2023", "x86_64", "neuron"): "AL2023_x86_64_NEURON",
    }
    return by_kind.get((family, first.architecture, first.accelerator), usual)


def release_of(command: CreateNodegroup, facts: CreateFacts) -> Release | None:
    """Return the release asked for, or the newest; None when there is none."""
    ami_type, version = ami_type_of(command, facts), version_of(command, facts)
    if ami_type == "CUSTOM" or facts.catalog.ami_type(ami_type) is None:
        return None
    if command.release_version is None:
        return facts.catalog.latest_release(ami_type, version)
    return facts.catalog.find_release(ami_type, version, command.release_version)


def _version(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    have = facts.cluster.version if facts.cluster else None
    if command.version is None or command.version == have:
        return None
    return (
        f"Requested Kubernetes version {command.version} is not the cluster's: "
        f"node groups of {command.cluster} are created with version {have}"
    )


def _release(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    ami_type, version = ami_type_of(command, facts), version_of(command, facts)
    if ami_type == "CUSTOM" or release_of(command, facts) is not None:
        return None
    if not facts.catalog.releases(ami_type, version):
        return f"AMI Type {ami_type} is not supported for kubernetes version {version}"
    return (
        f"Requested release version {command.release_version} is not valid for kubernetes version {version}."
    )


def _types_exist(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    from_template = templates.instance_type_of(facts)
    named = [*(command.instance_types or ()), *([from_template] if from_template else [])]
    if len(named) > 20:
        return f"At most 20 instance types can be listed, not {len(named)}"
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
    ami_type = ami_type_of(command, facts)
    wanted = facts.catalog.ami_type(ami_type)
    if wanted is None or not wanted.architecture:
        return None
    from_template = templates.instance_type_of(facts)
    named = command.instance_types or ((from_template,) if from_template else ())
    other = []
    for name in named:
        known = facts.catalog.instance_type(name)
        if known is not None and known.architecture != wanted.architecture:
            other.append(name)
    if other:
        return f"[{', '.join(other)}] is not a valid instance type for requested amiType {ami_type}"
    return None


RULES: tuple[Callable[[CreateNodegroup, CreateFacts], str | None], ...] = (
    _version,
    _release,
    _types_exist,
    _architecture,
)
