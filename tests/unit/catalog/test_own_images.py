"""Releases of the user's own images: what a file may say, and what the catalog makes of it."""

from __future__ import annotations

import pytest

from nodeyard import catalog
from nodeyard.catalog import ImagesRefused

AL2023 = "AL2023_x86_64_STANDARD"
FILE = """
[[releases]]
family = "ubuntu"
architecture = "x86_64"
kubernetes = "1.34"
release = "1.34.2-20261001"
images = { eu-west-1 = "ami-00000001", us-east-1 = "ami-00000002" }

[[releases]]
family = "ubuntu"
architecture = "x86_64"
kubernetes = "1.34"
release = "second"
images = { eu-west-1 = "ami-00000003" }

[[releases]]
family = "AL2023_x86_64_STANDARD"
kubernetes = "1.34"
release = "golden-1"
images = { eu-west-1 = "ami-00000004" }
"""


def known(text: str = FILE) -> catalog.Catalog:
    made = catalog.edition()
    made.read_own(text)
    return made


def names(releases: tuple[catalog.Release, ...]) -> list[str]:
    return [each.release_version for each in releases]


def test_a_family_of_ones_own_is_a_line_of_releases_of_its_own_in_each_region() -> None:
    found = known()
    assert names(found.releases("ubuntu/x86_64", "1.34")) == ["1.34.2-20261001", "second"]
    assert names(found.releases("ubuntu/x86_64", "1.34", "us-east-1")) == ["1.34.2-20261001"]
    assert found.releases("ubuntu/arm64", "1.34") == () == found.releases("ubuntu/x86_64", "1.33")
    newest = found.latest_release("ubuntu/x86_64", "1.34", "eu-west-1")
    assert newest is not None and newest.image_id("eu-west-1") == "ami-00000003"
    kind = found.ami_type("ubuntu/x86_64")
    assert kind is not None and (kind.family, kind.architecture) == ("CUSTOM", "x86_64")


def test_a_release_that_begins_with_a_patch_version_has_a_kubelet_of_it() -> None:
    first, second = known().releases("ubuntu/x86_64", "1.34")
    assert (first.kubelet, second.kubelet) == ("1.34.2", "1.34.0")


def test_an_ami_type_of_eks_has_ones_own_images_where_there_are_any_and_those_of_eks_elsewhere() -> None:
    found = known()
    assert names(found.releases(AL2023, "1.34", "eu-west-1")) == ["golden-1"]
    elsewhere = found.releases(AL2023, "1.34", "us-east-1")
    assert elsewhere == catalog.edition().releases(AL2023, "1.34") and elsewhere
    assert found.releases(AL2023, "1.33", "eu-west-1") == catalog.edition().releases(AL2023, "1.33")


def test_an_image_tells_along_which_releases_its_group_moves() -> None:
    found = known()
    assert found.line("CUSTOM", "ami-00000001", "eu-west-1") == "ubuntu/x86_64"
    assert found.line("CUSTOM", "ami-00000001", "us-east-1") == "CUSTOM"
    assert found.line(AL2023, "ami-00000001", "eu-west-1") == AL2023


def test_images_of_ones_own_are_told_to_the_embedded_aws_of_their_regions_alone() -> None:
    found = known()
    assert {"ami-00000001", "ami-00000003", "ami-00000004"} <= found.images("eu-west-1").keys()
    here = {"ami-00000001", "ami-00000002", "ami-00000003", "ami-00000004"} & found.images("us-east-1").keys()
    assert here == {"ami-00000002"}
    listed = found.all_releases("us-east-1")
    assert [each.image_id("us-east-1") for each in listed if each.images] == ["ami-00000002"]


def test_another_file_takes_the_place_of_the_first() -> None:
    found = known()
    found.read_own("releases = []")
    assert found.releases("ubuntu/x86_64", "1.34") == () and found.ami_type("ubuntu/x86_64") is None
    assert found.release_of_image("eu-west-1", "ami-00000001") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[[releases]]", "[releases", "Expected ']'"),
        ('release = "second"', "", "missing required field `release`"),
        pytest.param('"second"', "[" * 10_000, "recursion", id="nested without end"),
        ('release = "second"', "release = 2", "Expected `str`, got `int`"),
        ('release = "second"', 'release = "second"\nrelaese = "x"', "unknown field `relaese`"),
        ('release = "second"', 'release = "1.34.2-20261001"', "is there already"),
        ('release = "second"', 'release = "with space"', "release must be up to 64 letters"),
        ('"ami-00000003"', '"ami-00000001"', "release 2 (ubuntu second): eu-west-1 ami-00000001 is there"),
        ('"ami-00000003"', '"AMI-3"', 'eu-west-1 = "AMI-3" is not a Region with the id of an image'),
        ('{ eu-west-1 = "ami-00000003" }', "{}", "images names no Region"),
        ('kubernetes = "1.34"', 'kubernetes = "1.99"', "kubernetes '1.99' is not one of 1."),
        ('architecture = "x86_64"', 'architecture = "riscv"', "Invalid enum value 'riscv'"),
        ('architecture = "x86_64"', "", "architecture is missing: give x86_64 or arm64"),
        ('family = "ubuntu"', 'family = "CUSTOM"', "family must be a name"),
        ('family = "ubuntu"', 'family = "AL2023_ARM_64_STANDARD"', "is of architecture arm64, not x86_64"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_changes_nothing(old: str, new: str, said: str) -> None:
    found = known()
    with pytest.raises(ImagesRefused) as refused:
        found.read_own(FILE.replace(old, new))
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert names(found.releases("ubuntu/x86_64", "1.34")) == ["1.34.2-20261001", "second"]
