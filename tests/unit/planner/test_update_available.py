"""When a node group has an update to take."""

from nodeyard import catalog
from nodeyard.catalog import Release
from nodeyard.planner import update_available
from tests.nouns import a_nodegroup

CATALOG = catalog.edition()
NEWEST = "1.34.9-20260714"


def test_an_older_release_of_the_own_minor_can_be_updated() -> None:
    found = update_available.look(a_nodegroup(release_version="1.34.4-20260304"), "1.34", CATALOG)
    assert found.update and found.latest is not None and found.latest.release_version == NEWEST
    assert found.because == f"release {NEWEST} is newer than 1.34.4-20260304"


def test_the_newest_release_of_the_cluster_minor_has_nothing_to_take() -> None:
    assert not update_available.look(a_nodegroup(release_version=NEWEST), "1.34", CATALOG).update


def test_a_minor_below_that_of_the_cluster_can_be_updated() -> None:
    found = update_available.look(a_nodegroup(release_version=NEWEST), "1.36", CATALOG)
    assert found.update and found.latest is not None
    assert found.latest.release_version == "1.36.2-20260714"
    assert found.because == "the cluster runs 1.36 and the group 1.34"


def test_minors_are_numbers_and_not_text() -> None:
    group = a_nodegroup(version="1.9", ami_type="AL2_x86_64", release_version="1.9.1-20180101")
    assert update_available.look(group, "1.14", CATALOG).update


def test_a_type_that_ends_below_the_cluster_minor_is_not_offered_what_does_not_exist() -> None:
    newest = CATALOG.latest_release("AL2_x86_64", "1.32")
    assert newest is not None
    group = a_nodegroup(version="1.32", ami_type="AL2_x86_64", release_version=newest.release_version)
    assert not update_available.look(group, "1.34", CATALOG).update


def test_a_custom_image_never_has_an_update() -> None:
    found = update_available.look(a_nodegroup(ami_type="CUSTOM", release_version="ami-1"), "1.36", CATALOG)
    assert (found.update, found.latest) == (False, None)


def test_an_update_appears_with_a_release_that_is_published() -> None:
    known = catalog.edition()
    group = a_nodegroup(release_version=NEWEST)
    release = known.proposed(group.ami_type, "1.34", "1.34.10-20261001")
    assert isinstance(release, Release)
    known.published.add(release)
    assert update_available.look(group, "1.34", known).update
