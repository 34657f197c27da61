"""Releases of EKS images are found in AWS: its public parameters, and the names of Amazon's images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from nodeyard import catalog
from nodeyard.catalog import Catalog, Learned
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.releases import AwsReleases
from nodeyard.drivers.aws.settings import account_as_access_key
from nodeyard.flows.service import releases
from nodeyard.model.scope import Scope
from nodeyard.planner import update_available
from nodeyard.ports import Unavailable
from tests.contract.compute.places import CLOCK, Place, ServedAws
from tests.nouns import a_nodegroup
from tests.proxy import Proxy

SHIPPED = catalog.edition()
AL2023 = "AL2023_x86_64_STANDARD"


@dataclass
class Looking:
    place: Place
    proxy: Proxy
    source: AwsReleases
    known: Catalog

    @property
    def scope(self) -> Scope:
        return self.place.scope

    def listed(self, ami_type: str, version: str = "1.34") -> list[tuple[str, str]]:
        region = self.scope.region
        found = self.known.releases(ami_type, version, region)
        return [(each.release_version, each.image_id(region)) for each in found]


@pytest.fixture
async def looking(served_aws: ServedAws) -> AsyncIterator[Looking]:
    proxy = Proxy(served_aws.url)
    async with served_aws.place(proxy.endpoint, attempts=1) as place:
        assert isinstance(place.compute, AwsCompute)
        learned = Learned()
        source = AwsReleases(place.compute.calls, CLOCK, learned)
        yield Looking(place, proxy, source, replace(SHIPPED, learned=learned))
    proxy.close()


@pytest.mark.parametrize(
    "ami_type",
    [AL2023, "AL2_ARM_64", "BOTTLEROCKET_ARM_64_NVIDIA", "BOTTLEROCKET_x86_64", "WINDOWS_FULL_2022_x86_64"],
)
async def test_the_newest_release_of_every_family_is_what_aws_recommends(
    looking: Looking, ami_type: str
) -> None:
    version = "1.32"
    assert looking.listed(ami_type, version) == []
    await looking.source.learn(looking.scope, ami_type, version)
    newest = SHIPPED.latest_release(ami_type, version)
    assert newest is not None
    image = newest.image_id(looking.scope.region)
    assert looking.listed(ami_type, version) == [(newest.release_version, image)]
    found = looking.known.release_of_image(looking.scope.region, image)
    assert found is not None and found.release_version == newest.release_version


async def test_an_older_release_is_found_by_the_name_of_its_image(looking: Looking) -> None:
    oldest, *_, newest = SHIPPED.releases(AL2023, "1.34")
    await looking.source.learn(looking.scope, AL2023, "1.34", oldest.release_version)
    region = looking.scope.region
    wanted = [(each.release_version, each.image_id(region)) for each in (oldest, newest)]
    assert looking.listed(AL2023) == wanted
    await looking.source.learn(looking.scope, AL2023, "1.34", oldest.release_version)
    assert looking.listed(AL2023) == wanted
    group = a_nodegroup(release_version=oldest.release_version, image_id=oldest.image_id(region))
    assert update_available.look(group, "1.34", looking.known).update


@pytest.mark.parametrize("release", ["1.34.99-20991231", "1.33.0-20260304", "nonsense"])
async def test_a_release_that_aws_does_not_have_is_not_known(looking: Looking, release: str) -> None:
    await looking.source.learn(looking.scope, AL2023, "1.34", release)
    assert [name for name, _ in looking.listed(AL2023)] == [
        SHIPPED.releases(AL2023, "1.34")[-1].release_version
    ]


async def test_an_image_that_somebody_calls_like_a_release_is_not_believed(looking: Looking) -> None:
    access, secret, _ = account_as_access_key(looking.scope)
    ec2 = boto3.client(
        "ec2",
        region_name=looking.scope.region,
        endpoint_url=looking.proxy.endpoint,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
    )
    name = "amazon-eks-node-al2023-x86_64-standard-1.34-v20300101"
    await asyncio.to_thread(ec2.register_image, Name=name)
    await looking.source.learn(looking.scope, AL2023, "1.34", "1.34.9-20300101")
    assert len(looking.listed(AL2023)) == 1


async def test_what_aws_recommends_is_asked_for_once_in_a_while_and_a_type_without_images_is_no_error(
    looking: Looking,
) -> None:
    for _ in range(3):
        await looking.source.learn(looking.scope, "AL2_x86_64", "1.34")
        await looking.source.learn(looking.scope, "CUSTOM", "1.34")
    assert looking.listed("AL2_x86_64") == []
    assert looking.proxy.calls == ["GetParameter"]


async def test_while_aws_does_not_answer_nothing_is_known_and_it_is_asked_again(looking: Looking) -> None:
    looking.proxy.fault = lambda _call: "500"
    with pytest.raises(Unavailable):
        await looking.source.learn(looking.scope, AL2023, "1.34")
    looking.proxy.fault = lambda _call: None
    await looking.source.learn(looking.scope, AL2023, "1.34")
    assert len(looking.listed(AL2023)) == 1


async def test_a_list_of_a_version_or_type_has_the_newest_of_all_that_aws_has(looking: Looking) -> None:
    hands: Any = SimpleNamespace(catalog=looking.known, releases=looking.source, clock=CLOCK)
    assert await releases.listed(hands, looking.scope, None, None) == ()
    assert looking.proxy.calls == [], "everything at once is not looked up"
    found = await releases.listed(hands, looking.scope, None, "1.34")
    types = {each.name for each in catalog.AMI_TYPES.values() if SHIPPED.releases(each.name, "1.34")}
    assert {each.ami_type for each, _ in found} == types and len(types) > 10
    assert all(latest for _, latest in found) and len(found) == len(types)
    found = await releases.listed(hands, looking.scope, AL2023, None)
    assert {"1.33", "1.34", "1.35"} <= {each.kubernetes_version for each, _ in found}
    looking.proxy.fault = lambda _call: "500"
    assert await releases.listed(hands, looking.scope, "BOTTLEROCKET_x86_64", "1.33") == ()
