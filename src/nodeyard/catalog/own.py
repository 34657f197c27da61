"""Releases of the user's own images, from a file: the reader, its rules, and the one value that changes.

A family is a name of the user's own, or an AMI type of EKS whose images the user builds. A family and
architecture are one line of releases, which groups move along. Files are read by `app`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from nodeyard.catalog.ami_types import AMI_TYPES, AmiType
from nodeyard.catalog.releases import Release

IMAGES_MAX = 10_000
"""Ours: releases of a file, far above what anybody keeps."""
_FAMILY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_IMAGE = re.compile(r"ami-[0-9a-f]{8,17}")
_KUBELET = re.compile(r"\d+\.\d+\.\d+")


class ImagesRefused(Exception):
    """A file of images says something that cannot be; the text is one sentence."""


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    family: str
    kubernetes: str
    release: str
    images: dict[str, str]
    architecture: Literal["x86_64", "arm64"] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    releases: list[_Entry]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file says, found quickly."""

    releases: tuple[Release, ...] = ()
    by_image: dict[tuple[str, str], Release] = field(default_factory=dict)
    """By Region and image id."""
    types: dict[str, AmiType] = field(default_factory=dict)


class OwnImages:
    """The releases of the file as it was read last; oldest first within each type and version."""

    def __init__(self) -> None:
        self._known = _Known()

    def __iter__(self) -> Iterator[Release]:
        return iter(self._known.releases)

    def replace(self, releases: Sequence[Release]) -> None:
        """Know these releases and no others."""
        by_image = {place: release for release in releases for place in release.images}
        types = {release.ami_type: _type_of(release) for release in releases}
        self._known = _Known(tuple(releases), by_image, types)

    def of(self, ami_type: str, version: str, region: str | None) -> tuple[Release, ...]:
        """Return the releases of a type for a version that have an image in a Region, or in any."""
        return tuple(
            each
            for each in self._known.releases
            if (each.ami_type, each.kubernetes_version) == (ami_type, version)
            and (region is None or each.is_in(region))
        )

    def by_image(self, region: str, image_id: str) -> Release | None:
        return self._known.by_image.get((region, image_id))

    def ami_type(self, name: str) -> AmiType | None:
        return self._known.types.get(name)


def _type_of(release: Release) -> AmiType:
    known = AMI_TYPES.get(release.ami_type)
    if known is not None:
        return known
    return AmiType(release.ami_type, "CUSTOM", release.ami_type.rpartition("/")[2], None, 0, None, "")


def read(text: str, versions: Sequence[str]) -> tuple[Release, ...]:
    """Return the releases of a file, in its order. `versions` are the Kubernetes minors that are known.

    Raises: ImagesRefused.
    """
    try:
        entries = msgspec.convert(tomllib.loads(text), type=_File).releases
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ImagesRefused(str(error)) from error
    if len(entries) > IMAGES_MAX:
        raise ImagesRefused(f"{len(entries)} releases are more than {IMAGES_MAX}: leave old ones out")
    made: list[Release] = []
    seen: set[tuple[str, ...]] = set()
    for place, entry in enumerate(entries, start=1):
        name = f"release {place} ({entry.family} {entry.release})"
        fault = _fault(entry, versions)
        if fault is None:
            release = _made(entry)
            keys = {(release.ami_type, release.kubernetes_version, release.release_version), *release.images}
            twice = sorted(seen & keys)
            if twice:
                fault = f"{' '.join(twice[0])} is there already: give each release and image once"
            seen |= keys
        if fault is not None:
            raise ImagesRefused(f"{name}: {fault}")
        made.append(release)
    return tuple(made)


def _fault(entry: _Entry, versions: Sequence[str]) -> str | None:
    eks = AMI_TYPES.get(entry.family)
    if not _FAMILY.fullmatch(entry.family) or entry.family == "CUSTOM":
        return "family must be a name of letters, digits, dots and dashes, or an AMI type of EKS"
    if eks is not None and entry.architecture not in (None, eks.architecture):
        return f"{entry.family} is of architecture {eks.architecture}, not {entry.architecture}"
    if eks is None and entry.architecture is None:
        return "architecture is missing: give x86_64 or arm64"
    if entry.kubernetes not in versions:
        return f"kubernetes {entry.kubernetes!r} is not one of {versions[0]} to {versions[-1]}"
    if not _RELEASE.fullmatch(entry.release):
        return "release must be up to 64 letters, digits, dots, dashes and underscores"
    if not entry.images:
        return 'images names no Region: give at least one, as in images = { eu-west-1 = "ami-..." }'
    for region, image in entry.images.items():
        if not _REGION.fullmatch(region) or not _IMAGE.fullmatch(image):
            return f'{region} = "{image}" is not a Region with the id of an image'
    return None


def _made(entry: _Entry) -> Release:
    ami_type = entry.family if entry.family in AMI_TYPES else f"{entry.family}/{entry.architecture}"
    told = _KUBELET.match(entry.release)
    kubelet = told[0] if told and told[0].startswith(f"{entry.kubernetes}.") else f"{entry.kubernetes}.0"
    name = f"{ami_type.replace('/', '-')}-{entry.release}"
    images = tuple(sorted(entry.images.items()))
    return Release(ami_type, entry.kubernetes, entry.release, kubelet, name, images)
