"""Groups of images that the user listed: created, found to be old, and moved along the list."""

from __future__ import annotations

from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.model.commands import TemplateSpec, UpdateNodegroupVersion
from nodeyard.model.nodegroup import TemplateRef
from nodeyard.model.refusal import Refused
from nodeyard.planner import admission, update_available
from nodeyard.planner.admission import VersionAccepted, VersionFacts
from nodeyard.ports import TemplateVersion
from tests.nouns import a_nodegroup


def _entry(version: str, release: str, image: str) -> str:
    return (
        f'[[releases]]\nfamily = "ubuntu"\narchitecture = "x86_64"\nkubernetes = "{version}"\n'
        f'release = "{release}"\nimages = {{ eu-west-1 = "ami-{image}" }}\n'
    )


CATALOG = catalog.edition()
CATALOG.read_own(
    _entry("1.33", "a", "0000000a") + _entry("1.34", "b", "0000000b") + _entry("1.34", "c", "0000000c")
)
OLD = a_nodegroup(
    ami_type="CUSTOM",
    version="1.34",
    release_version="b",
    image_id="ami-0000000b",
    launch_template=TemplateRef("lt-1", "mine", "3"),
)


def admitted(image: str | None = None, cluster: str = "1.34", **asked: Any) -> VersionAccepted | Refused:
    data = {"ImageId": image or OLD.image_id}
    facts = VersionFacts(OLD, cluster, TemplateVersion("lt-1", "mine", "3", data), CATALOG)
    return admission.admit_update_version(UpdateNodegroupVersion("prod", "blue", **asked), facts)


def test_a_newer_release_of_the_own_minor_is_an_update_that_is_available() -> None:
    found = update_available.look(OLD, "1.34", CATALOG)
    assert found.update and found.because == "release c is newer than b"
    newest = a_nodegroup(ami_type="CUSTOM", release_version="c", image_id="ami-0000000c")
    assert not update_available.look(newest, "1.34", CATALOG).update


def test_a_group_that_is_older_than_the_list_is_known_by_its_image() -> None:
    group = a_nodegroup(ami_type="CUSTOM", release_version="ami-0000000c", image_id="ami-0000000c")
    assert not update_available.look(group, "1.34", CATALOG).update


def test_a_group_below_the_minor_of_its_cluster_can_go_there() -> None:
    group = a_nodegroup(ami_type="CUSTOM", version="1.33", release_version="a", image_id="ami-0000000a")
    found = update_available.look(group, "1.34", CATALOG)
    assert found.update and found.latest is not None and found.latest.release_version == "c"


@pytest.mark.parametrize("asked", [{}, {"version": "1.34"}, {"release_version": "c"}])
def test_an_update_goes_to_a_release_with_the_template_that_the_group_has(asked: dict[str, str]) -> None:
    found = admitted(**asked)
    assert isinstance(found, VersionAccepted)
    assert (found.target.release_version, found.target.image_id) == ("c", "ami-0000000c")
    assert found.target.launch_template == OLD.launch_template
    assert found.params == (("Version", "1.34"), ("ReleaseVersion", "c"))


def test_a_release_that_is_not_on_the_list_is_refused() -> None:
    found = admitted(release_version="d")
    assert isinstance(found, Refused)
    assert found.message == "Requested release version d is not valid for kubernetes version 1.34."
    other = admitted(cluster="1.35", version="1.35")
    assert isinstance(other, Refused)
    assert other.message == "AMI Type ubuntu/x86_64 is not supported for kubernetes version 1.35"


def test_a_template_version_with_an_image_of_the_list_is_its_release() -> None:
    found = admitted("ami-0000000c", launch_template=TemplateSpec("lt-1", None, "3"))
    assert isinstance(found, VersionAccepted)
    assert (found.target.release_version, found.target.version) == ("c", "1.34")
    other = admitted("ami-0000000d", launch_template=TemplateSpec("lt-1", None, "3"))
    assert isinstance(other, VersionAccepted) and other.target.release_version == "ami-0000000d"


def test_a_template_and_a_release_together_are_refused_as_for_any_custom_image() -> None:
    found = admitted(launch_template=TemplateSpec("lt-1", None, "3"), release_version="c")
    assert isinstance(found, Refused) and "releaseVersion when using custom AMIs" in found.message
