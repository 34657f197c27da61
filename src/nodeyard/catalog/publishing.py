"""Releases that are added while the program runs, and the rules that one has to keep.

Nothing here is durable: the composition root keeps what was published and adds it again at a start.
Source: EKS User Guide, AMI version strings of Amazon Linux, Bottlerocket and Windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nodeyard.catalog import releases
from nodeyard.catalog.ami_types import AMI_TYPES, AmiType
from nodeyard.catalog.releases import Release


@dataclass(frozen=True, slots=True)
class Unpublishable:
    """Why a release cannot be added, in one sentence that says what would do."""

    why: str


class Published:
    """Releases added at run time, oldest first."""

    def __init__(self) -> None:
        self._releases: list[Release] = []

    def __iter__(self) -> Iterator[Release]:
        return iter(self._releases)

    def add(self, release: Release) -> None:
        """Add a release as the newest of its type and version; one that is there already changes nothing."""
        if release not in self._releases:
            self._releases.append(release)

    def of(self, ami_type: str, version: str) -> tuple[Release, ...]:
        return tuple(
            each for each in self._releases if (each.ami_type, each.kubernetes_version) == (ami_type, version)
        )

    def by_image(self, region: str, image_id: str) -> Release | None:
        return next((each for each in self._releases if each.image_id(region) == image_id), None)

    def ssm_parameters(self, region: str) -> dict[str, str]:
        """Return the parameters that have another value because of these releases."""
        found: dict[str, str] = {}
        for release in self._releases:
            kind = AMI_TYPES[release.ami_type]
            path = kind.parameter(release.kubernetes_version)
            if path is not None:
                found |= releases.leaves(kind, path, release, region)
        return found


_SHAPES = {
    "BOTTLEROCKET": (r"\d+\.\d+\.\d+-[0-9a-f]{8}", "1.50.0-0a1b2c3d"),
    "WINDOWS": (r"{version}-\d{{4}}\.\d{{2}}\.\d{{2}}", "{version}-2026.11.10"),
}
_AMAZON_LINUX = (r"{version}\.\d+-\d{{8}}", "{version}.99-20261110")


def proposed(
    listed: Sequence[Release], ami_type: str, version: str, release_version: str
) -> Release | Unpublishable:
    """Return the release, or why it cannot follow those that are listed, oldest first."""
    kind = AMI_TYPES.get(ami_type)
    if kind is None or kind.family == "CUSTOM":
        return Unpublishable(f"There is no AMI type {ami_type} with releases; see `nodeyard catalog list`.")
    if not listed:
        return Unpublishable(f"{ami_type} has no releases for Kubernetes {version}.")
    wrong = _misshapen(kind, version, release_version)
    if wrong is not None:
        return wrong
    newest = listed[-1]
    if release_version in {each.release_version for each in listed}:
        return Unpublishable(f"Release {release_version} of {ami_type} for {version} exists already.")
    if _rank(kind, release_version) <= _rank(kind, newest.release_version):
        return Unpublishable(
            f"Release {release_version} is not newer than {newest.release_version}, the newest one of "
            f"{ami_type} for {version}."
        )
    linux = kind.family in ("AL2", "AL2023")
    kubelet = release_version.partition("-")[0] if linux else newest.kubelet
    return releases.made(kind, version, release_version, kubelet)


def _misshapen(kind: AmiType, version: str, release_version: str) -> Unpublishable | None:
    pattern, example = _SHAPES.get(kind.family, _AMAZON_LINUX)
    if kind.family != "BOTTLEROCKET":
        pattern, example = pattern.format(version=re.escape(version)), example.format(version=version)
    if re.fullmatch(pattern, release_version):
        return None
    return Unpublishable(
        f"{release_version!r} is not a release version of {kind.name} for {version}: it looks like {example}."
    )


def _rank(kind: AmiType, release_version: str) -> tuple[int, ...]:
    """Return what releases of a type are ordered by; a Bottlerocket build has no order."""
    text = release_version.partition("-")[0] if kind.family == "BOTTLEROCKET" else release_version
    return tuple(int(number) for number in re.findall(r"\d+", text))
