"""Releases of EKS images as AWS has them: looked up while the service runs, newest last.

Only what was looked up is known. `drivers.aws` finds them, `app` decides that they are what counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from nodeyard.catalog import releases
from nodeyard.catalog.ami_types import AmiType
from nodeyard.catalog.releases import Release

Place = tuple[str, str, str]


class Learned:
    """Releases by Region, AMI type and Kubernetes version."""

    def __init__(self) -> None:
        self._found: dict[Place, list[Release]] = {}

    def __iter__(self) -> Iterator[Release]:
        return (release for found in self._found.values() for release in found)

    def of(self, ami_type: str, version: str, region: str | None) -> tuple[Release, ...]:
        if region is None:
            return tuple(
                each for each in self if (each.ami_type, each.kubernetes_version) == (ami_type, version)
            )
        return tuple(self._found.get((region, ami_type, version), ()))

    def by_image(self, region: str, image_id: str) -> Release | None:
        return next((each for each in self if (region, image_id) in each.images), None)

    def add(self, release: Release, region: str, *, newest: bool) -> None:
        """Know a release of a Region: as the newest of its type and version, or as an older one."""
        found = self._found.setdefault((region, release.ami_type, release.kubernetes_version), [])
        if not newest and release in found:
            return
        kept = [each for each in found if each.release_version != release.release_version]
        found[:] = [*kept, release] if newest else [release, *kept]


def learned(kind: AmiType, version: str, release_version: str, region: str, image_id: str) -> Release:
    """Return a release that a Region has under an image id."""
    linux = kind.family in ("AL2", "AL2023")
    kubelet = release_version.partition("-")[0] if linux else f"{version}.0"
    return releases.made(kind, version, release_version, kubelet, ((region, image_id),))
