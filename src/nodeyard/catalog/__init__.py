"""Facts that change with the calendar: Kubernetes versions and AMI types, as data with a reader."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from nodeyard.catalog import releases as _releases
from nodeyard.catalog.ami_types import AMI_TYPES, AmiType, default_for
from nodeyard.catalog.instances import InstanceType, instance_types
from nodeyard.catalog.releases import Release


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    minor: str
    patch: str
    platform_version: str
    release_date: date
    end_of_standard_support: date
    end_of_extended_support: date
    default: bool

    def support(self, today: date) -> str:
        """Return STANDARD_SUPPORT, EXTENDED_SUPPORT or UNSUPPORTED, as EKS spells them."""
        if today < self.end_of_standard_support:
            return "STANDARD_SUPPORT"
        return "EXTENDED_SUPPORT" if today < self.end_of_extended_support else "UNSUPPORTED"


@dataclass(frozen=True, slots=True)
class Catalog:
    """One edition of the facts."""

    kubernetes: tuple[KubernetesVersion, ...]
    """Oldest first."""

    def versions(self) -> tuple[KubernetesVersion, ...]:
        return self.kubernetes

    def version(self, minor: str) -> KubernetesVersion | None:
        return next((each for each in self.kubernetes if each.minor == minor), None)

    def default_version(self) -> KubernetesVersion:
        return next(each for each in self.kubernetes if each.default)

    def ami_type(self, name: str) -> AmiType | None:
        return AMI_TYPES.get(name)

    def releases(self, ami_type: str, version: str) -> tuple[Release, ...]:
        """Return the releases of a type for a Kubernetes version, oldest first."""
        return _releases.releases(ami_type, version)

    def latest_release(self, ami_type: str, version: str) -> Release | None:
        listed = self.releases(ami_type, version)
        return listed[-1] if listed else None

    def find_release(self, ami_type: str, version: str, release_version: str) -> Release | None:
        listed = self.releases(ami_type, version)
        return next((each for each in listed if each.release_version == release_version), None)

    def release_of_image(self, region: str, image_id: str) -> Release | None:
        return _releases.by_image(region).get(image_id)

    def ssm_parameters(self, region: str) -> Mapping[str, str]:
        """Return the SSM public parameters that clients read, name -> value."""
        return _releases.ssm_parameters(region)

    def instance_type(self, name: str) -> InstanceType | None:
        return instance_types().get(name)


@cache
def default() -> Catalog:
    """Return the catalog that ships with the program."""
    document = tomllib.loads(resources.files(__name__).joinpath("versions.toml").read_text())
    return Catalog(
        tuple(
            KubernetesVersion(
                minor,
                patch,
                platform,
                release_date=date.fromisoformat(released),
                end_of_standard_support=date.fromisoformat(standard),
                end_of_extended_support=date.fromisoformat(extended),
                default=minor == document["default"],
            )
            for minor, (patch, platform, released, standard, extended) in document["versions"].items()
        )
    )


__all__ = [
    "AMI_TYPES",
    "AmiType",
    "Catalog",
    "InstanceType",
    "KubernetesVersion",
    "Release",
    "default",
    "default_for",
]
