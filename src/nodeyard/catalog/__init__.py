"""Facts that change with the calendar: Kubernetes versions and AMI types, as data with a reader.

What ships with the program is fixed; AMI releases can be added while it runs (`publishing`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import resources

from nodeyard.catalog import own, publishing
from nodeyard.catalog import releases as _releases
from nodeyard.catalog.ami_types import AMI_TYPES, AmiType, default_for
from nodeyard.catalog.instances import InstanceType, instance_types
from nodeyard.catalog.learned import Learned, learned
from nodeyard.catalog.own import ImagesRefused, OwnImages
from nodeyard.catalog.prices import PriceList, price_list, price_of
from nodeyard.catalog.publishing import Published, Unpublishable
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
    published: Published = field(default_factory=Published, compare=False)
    """Releases added at run time."""
    own: OwnImages = field(default_factory=OwnImages, compare=False)
    """Releases of the user's own images: as the file says now."""
    learned: Learned | None = field(default=None, compare=False)
    """What AWS itself has, in the place of what ships with the program. None: the embedded AWS."""

    def versions(self) -> tuple[KubernetesVersion, ...]:
        return self.kubernetes

    def version(self, minor: str) -> KubernetesVersion | None:
        return next((each for each in self.kubernetes if each.minor == minor), None)

    def default_version(self) -> KubernetesVersion:
        return next(each for each in self.kubernetes if each.default)

    def ami_type(self, name: str) -> AmiType | None:
        return AMI_TYPES.get(name) or self.own.ami_type(name)

    def line(self, ami_type: str, image_id: str, region: str) -> str:
        """Return the type along whose releases a group moves; CUSTOM for an image that nobody listed.

        A group of a custom image moves along the user's own releases where its image is one of them.
        """
        if ami_type != "CUSTOM":
            return ami_type
        found = self.own.by_image(region, image_id)
        return "CUSTOM" if found is None else found.ami_type

    def releases(self, ami_type: str, version: str, region: str | None = None) -> tuple[Release, ...]:
        """Return the releases of a type for a Kubernetes version, oldest first.

        With a Region only those that have an image there. The user's own take the place of EKS's.
        """
        own = self.own.of(ami_type, version, region)
        if own or ami_type not in AMI_TYPES:
            return own
        if self.learned is not None:
            return self.learned.of(ami_type, version, region)
        return _releases.releases(ami_type, version) + self.published.of(ami_type, version)

    def all_releases(self, region: str) -> tuple[Release, ...]:
        """Return every release of every type and version, oldest first within each."""
        names = dict.fromkeys((*AMI_TYPES, *(each.ami_type for each in self.own)))
        return tuple(
            release
            for ami_type in names
            for version in self.kubernetes
            for release in self.releases(ami_type, version.minor, region)
        )

    def proposed(self, ami_type: str, version: str, release_version: str) -> Release | Unpublishable:
        """Return the release that would be published, or why it cannot be."""
        listed = self.releases(ami_type, version) if ami_type in AMI_TYPES else ()
        return publishing.proposed(listed, ami_type, version, release_version)

    def latest_release(self, ami_type: str, version: str, region: str | None = None) -> Release | None:
        listed = self.releases(ami_type, version, region)
        return listed[-1] if listed else None

    def find_release(
        self, ami_type: str, version: str, release_version: str, region: str | None = None
    ) -> Release | None:
        listed = self.releases(ami_type, version, region)
        return next((each for each in listed if each.release_version == release_version), None)

    def release_of_image(self, region: str, image_id: str) -> Release | None:
        own = self.own.by_image(region, image_id)
        if self.learned is not None:
            return own or self.learned.by_image(region, image_id)
        return own or _releases.by_image(region).get(image_id) or self.published.by_image(region, image_id)

    def read_own(self, text: str) -> None:
        """Know the releases of a file of the user's own images and no others. Raises: ImagesRefused."""
        self.own.replace(own.read(text, [each.minor for each in self.kubernetes]))

    def images(self, region: str) -> Mapping[str, Release]:
        """Return image id -> release for a Region."""
        own = (each for each in self.own if each.is_in(region))
        added = {release.image_id(region): release for release in (*self.published, *own)}
        return _releases.by_image(region) | added

    def ssm_parameters(self, region: str) -> Mapping[str, str]:
        """Return the SSM public parameters that clients read, name -> value."""
        return _releases.ssm_parameters(region) | self.published.ssm_parameters(region)

    def instance_types(self) -> tuple[InstanceType, ...]:
        """Return every instance type, by name."""
        return tuple(each for _, each in sorted(instance_types().items()))

    def instance_type(self, name: str) -> InstanceType | None:
        return instance_types().get(name)


@cache
def default() -> Catalog:
    """Return the catalog of this process: what ships with the program, and what is published in it."""
    return edition()


def of_aws() -> Catalog:
    """Return a new catalog whose releases are those that AWS is found to have."""
    return replace(edition(), learned=Learned())


def edition() -> Catalog:
    """Return a new catalog with what ships with the program alone."""
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
    "ImagesRefused",
    "InstanceType",
    "KubernetesVersion",
    "Learned",
    "OwnImages",
    "PriceList",
    "Published",
    "Release",
    "Unpublishable",
    "default",
    "default_for",
    "edition",
    "learned",
    "of_aws",
    "price_list",
    "price_of",
]
