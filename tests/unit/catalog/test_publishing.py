"""Releases that are added at run time: what is taken, and where it is seen."""

import pytest

from nodeyard import catalog
from nodeyard.catalog import Release, Unpublishable

AL2023, REGION = "AL2023_x86_64_STANDARD", "eu-west-1"
PARAMETER = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended"


def published(ami_type: str, version: str, release_version: str) -> tuple[catalog.Catalog, Release]:
    known = catalog.edition()
    release = known.proposed(ami_type, version, release_version)
    assert isinstance(release, Release)
    known.published.add(release)
    return known, release


@pytest.mark.parametrize(
    ("ami_type", "version", "release", "kubelet"),
    [
        (AL2023, "1.34", "1.34.10-20261001", "1.34.10"),
        ("AL2_x86_64", "1.30", "1.30.14-20260901", "1.30.14"),
        ("BOTTLEROCKET_ARM_64", "1.34", "1.50.0-0a1b2c3d", "1.34.9"),
        ("WINDOWS_CORE_2022_x86_64", "1.34", "1.34-2026.11.10", "1.34.9"),
    ],
)
def test_a_release_of_every_family_can_follow(
    ami_type: str, version: str, release: str, kubelet: str
) -> None:
    known, made = published(ami_type, version, release)
    assert known.latest_release(ami_type, version) == made
    assert known.find_release(ami_type, version, release) == made
    assert made.kubelet == kubelet


def test_a_published_release_has_an_image_and_is_recommended() -> None:
    known, made = published(AL2023, "1.34", "1.34.10-20261001")
    assert known.release_of_image(REGION, made.image_id(REGION)) == made
    assert made.image_id(REGION) in known.images(REGION)
    parameters = known.ssm_parameters(REGION)
    assert parameters[f"{PARAMETER}/image_id"] == made.image_id(REGION)
    assert parameters[f"{PARAMETER}/release_version"] == "1.34.10-20261001"


def test_the_catalog_that_ships_is_not_changed() -> None:
    published(AL2023, "1.34", "1.34.10-20261001")
    newest = catalog.edition().latest_release(AL2023, "1.34")
    assert newest is not None and newest.release_version == "1.34.9-20260714"


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ((AL2023, "1.34", "1.34.9-20260714"), "exists already"),
        ((AL2023, "1.34", "1.34.5-20260501"), "is not newer than 1.34.9-20260714"),
        ((AL2023, "1.34", "1.35.1-20261001"), "it looks like 1.34.99-20261110"),
        ((AL2023, "1.34", "latest"), "is not a release version"),
        (("AL2_x86_64", "1.36", "1.36.9-20261001"), "has no releases for Kubernetes 1.36"),
        (("CUSTOM", "1.34", "1.34.10-20261001"), "no AMI type CUSTOM with releases"),
        (("AL2025_x86_64", "1.34", "1.34.10-20261001"), "no AMI type AL2025_x86_64"),
        (("BOTTLEROCKET_x86_64", "1.34", "1.42.1-ffffffff"), "is not newer than 1.42.1-5f2c1d0e"),
    ],
)
def test_what_cannot_follow_is_refused_with_the_reason(wanted: tuple[str, str, str], why: str) -> None:
    refused = catalog.edition().proposed(*wanted)
    assert isinstance(refused, Unpublishable) and why in refused.why
