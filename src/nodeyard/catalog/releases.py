"""AMI releases: which exist for a type and a Kubernetes version, and the image each one is.

Source: EKS User Guide, retrieve recommended AMI IDs and AMI version strings.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from nodeyard.catalog.ami_types import AMI_TYPES, AmiType


@dataclass(frozen=True, slots=True)
class Release:
    """One AMI release. `kubelet` is the version a node of it reports, without the v."""

    ami_type: str
    kubernetes_version: str
    release_version: str
    kubelet: str
    image_name: str
    images: tuple[tuple[str, str], ...] = ()
    """(Region, image id) of a release that somebody made. Empty: one that ships with the program, which
    the embedded AWS has everywhere."""

    def is_in(self, region: str) -> bool:
        """Tell whether a Region has an image of it."""
        return not self.images or any(place == region for place, _ in self.images)

    def image_id(self, region: str) -> str:
        """Return the id of its image in a Region: always the same, different everywhere.

        Raises: KeyError for a Region that has none.
        """
        if self.images:
            return dict(self.images)[region]
        seed = f"{region}/{self.ami_type}/{self.kubernetes_version}/{self.release_version}"
        return f"ami-{hashlib.sha256(seed.encode()).hexdigest()[:17]}"


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(resources.files("nodeyard.catalog").joinpath("releases.toml").read_text())


@cache
def releases(ami_type: str, version: str) -> tuple[Release, ...]:
    """Return the releases of a type for a Kubernetes version such as 1.34, oldest first."""
    kind = AMI_TYPES[ami_type]
    known = _document()["amazon_linux"]
    if version not in known or kind.family == "CUSTOM" or not kind.exists_for(version):
        return ()
    newest_kubelet = known[version][-1].partition("-")[0]
    if kind.family == "BOTTLEROCKET":
        listed = [(each, newest_kubelet) for each in _document()["bottlerocket"]]
    elif kind.family == "WINDOWS":
        listed = [(f"{version}-{each}", newest_kubelet) for each in _document()["windows"]]
    else:
        listed = [(each, each.partition("-")[0]) for each in known[version]]
    return tuple(made(kind, version, release, kubelet) for release, kubelet in listed)


def made(
    kind: AmiType, version: str, release: str, kubelet: str, images: tuple[tuple[str, str], ...] = ()
) -> Release:
    """Return a release with the image name that AWS would give it."""
    return Release(kind.name, version, release, kubelet, image_name(kind, version, release), images)


def image_name(kind: AmiType, version: str, release: str) -> str:
    """Return what AWS calls the image of a release. Source: EKS User Guide, AMI version strings."""
    if kind.family == "BOTTLEROCKET":
        return f"bottlerocket-aws-k8s-{version}{kind.variant}-{kind.architecture}-v{release}"
    date = release.partition("-")[2]
    if kind.family == "WINDOWS":
        edition, year = kind.variant.split()
        return f"Windows_Server-{year}-English-{edition}-EKS_Optimized-{release}"
    if kind.family == "AL2":
        variant = {"AL2_x86_64": "node", "AL2_x86_64_GPU": "gpu-node", "AL2_ARM_64": "arm64-node"}[kind.name]
        return f"amazon-eks-{variant}-{version}-v{date}"
    return f"amazon-eks-node-al2023-{kind.architecture}-{kind.variant}-{version}-v{date}"


def all_releases() -> tuple[Release, ...]:
    """Return every release of every type and version."""
    versions = _document()["amazon_linux"]
    return tuple(r for ami_type in AMI_TYPES for version in versions for r in releases(ami_type, version))


@cache
def by_image(region: str) -> dict[str, Release]:
    """Return image id -> release for a Region."""
    return {release.image_id(region): release for release in all_releases()}


@cache
def ssm_parameters(region: str) -> dict[str, str]:
    """Return the SSM public parameters of a Region: the newest release of each type and version."""
    found: dict[str, str] = {}
    for ami_type, kind in AMI_TYPES.items():
        for version in _document()["amazon_linux"]:
            listed = releases(ami_type, version)
            path = kind.parameter(version)
            if listed and path is not None:
                found |= leaves(kind, path, listed[-1], region)
    return found


def leaves(kind: AmiType, path: str, newest: Release, region: str) -> dict[str, str]:
    """Return the parameters under the path of a type and version, name -> value."""
    image = newest.image_id(region)
    if kind.family in ("WINDOWS", "BOTTLEROCKET"):
        return {f"{path}/image_id": image, f"{path}/image_version": newest.release_version}
    facts = {
        "schema_version": "2",
        "image_id": image,
        "image_name": newest.image_name,
        "release_version": newest.release_version,
    }
    leaves = {f"{path}/{name}": facts[name] for name in ("image_id", "image_name", "release_version")}
    return {path: json.dumps(facts), **leaves}
