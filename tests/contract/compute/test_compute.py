"""What every Compute promises of networks, identities, templates and images."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from nodeyard.ports import Conflict, Invalid, NotFound, TemplateRequest
from tests.contract.compute.places import Place


async def test_subnets_come_in_the_order_asked_without_those_that_do_not_exist(place: Place) -> None:
    first, second, third = place.subnets
    found = await place.compute.subnets(place.scope, [third, "subnet-0badc0ffee0badc0f", first])
    assert [each.id for each in found] == [third, first]
    assert all(each.free_addresses > 1000 and each.zone.startswith("eu-west-1") for each in found)
    assert len({each.zone for each in await place.compute.subnets(place.scope, place.subnets)}) == 3
    assert await place.compute.subnets(place.scope, []) == ()
    vpc = await place.compute.default_vpc(place.scope)
    assert {each.vpc_id for each in await place.compute.subnets(place.scope, [first, second])} == {vpc}


async def test_a_role_is_found_by_exactly_its_arn(place: Place) -> None:
    found = await place.compute.role(place.scope, place.node_role)
    assert found is not None and (found.arn, found.name) == (place.node_role, "node")
    assert "ec2.amazonaws.com" in found.trusted_services
    assert "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy" in found.policy_arns
    assert await place.compute.role(place.scope, place.node_role + "-other") is None
    assert await place.compute.role(place.scope, place.node_role.replace("role/", "role/path/")) is None


async def test_types_and_images_that_do_not_exist_are_left_out(place: Place) -> None:
    offered = await place.compute.offered_types(place.scope, ["t3.medium", "x9.unheard", "m5.large"])
    assert offered == {"t3.medium", "m5.large"}
    assert await place.compute.offered_types(place.scope, []) == frozenset()
    path = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"
    image = await place.compute.image_of_release(place.scope, path)
    assert image is not None and image.startswith("ami-")
    assert await place.compute.image_of_release(place.scope, path + "/no") is None


async def test_an_instance_profile_is_made_once_and_holds_one_role(place: Place) -> None:
    made = await place.compute.ensure_instance_profile(place.scope, "eks-1", place.node_role, {"a": "b"})
    assert made == f"arn:aws:iam::{place.scope.account}:instance-profile/eks-1"
    assert await place.compute.ensure_instance_profile(place.scope, "eks-1", place.node_role, {}) == made
    await place.compute.delete_instance_profile(place.scope, "eks-1")
    await place.compute.delete_instance_profile(place.scope, "eks-1")


async def test_a_profile_for_a_role_that_does_not_exist_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound, match=r"cannot be found|not found"):
        await place.compute.ensure_instance_profile(place.scope, "eks-1", place.node_role + "-no", {})


async def test_a_template_is_made_once_and_found_by_id_or_name(place: Place) -> None:
    id, version = await place.template("eks-1", UserData="aGVsbG8=")
    assert await place.template("eks-1", UserData="aGVsbG8=") == (id, version) == (id, "1")
    by_id = await place.compute.template(place.scope, id=id, name=None, version=None)
    by_name = await place.compute.template(place.scope, id=None, name="eks-1", version="1")
    assert by_id is not None and by_id == by_name
    assert (by_id.id, by_id.name, by_id.version) == (id, "eks-1", "1")
    assert (by_id.data["InstanceType"], by_id.data["UserData"]) == ("t3.medium", "aGVsbG8=")
    for version in ("2", "nonsense"):
        assert await place.compute.template(place.scope, id=id, name=None, version=version) is None
    assert await place.compute.template(place.scope, id="lt-0badc0ffee", name=None, version=None) is None
    assert await place.compute.template(place.scope, id=None, name="nothing", version="$Latest") is None


async def test_a_token_makes_one_template_version(place: Place) -> None:
    id, _ = await place.template()
    first = await place.compute.add_template_version(place.scope, id, {"InstanceType": "m5.large"}, "t-2")
    again = await place.compute.add_template_version(place.scope, id, {"InstanceType": "m5.large"}, "t-2")
    other = await place.compute.add_template_version(place.scope, id, {"InstanceType": "m5.xlarge"}, "t-3")
    assert (first, again, other) == ("2", "2", "3")
    newest = await place.compute.template(place.scope, id=id, name=None, version="$Latest")
    usual = await place.compute.template(place.scope, id=id, name=None, version="$Default")
    assert newest is not None and newest.version == "3" and newest.data["InstanceType"] == "m5.xlarge"
    assert usual is not None and usual.version == "1"
    request = TemplateRequest("template", {}, {}, "token-template")
    assert await place.compute.ensure_template(place.scope, request) == (id, "1")


async def test_templates_that_do_not_exist_take_no_version_and_are_deleted_already(place: Place) -> None:
    with pytest.raises(NotFound):
        await place.compute.add_template_version(place.scope, "lt-0badc0ffee0badc0f", {}, "t")
    await place.template()
    await place.compute.delete_template(place.scope, "template")
    await place.compute.delete_template(place.scope, "template")
    assert await place.compute.template(place.scope, id=None, name="template", version=None) is None


async def test_a_security_group_is_made_once_in_its_vpc(place: Place) -> None:
    vpc = await place.compute.default_vpc(place.scope)
    made = await place.compute.ensure_security_group(place.scope, "eks", "for nodes", vpc, {"a": "b"})
    assert await place.compute.ensure_security_group(place.scope, "eks", "for nodes", vpc, {}) == made
    for _ in range(2):
        await place.compute.allow_ingress(place.scope, made, 22, [])
        await place.compute.allow_ingress(place.scope, made, 22, [made])
    with pytest.raises(NotFound):
        await place.compute.ensure_security_group(place.scope, "eks", "x", "vpc-0badc0ffee0badc0f", {})
    with pytest.raises(NotFound):
        await place.compute.allow_ingress(place.scope, "sg-0badc0ffee0badc0f", 22, [])
    await place.compute.delete_security_group(place.scope, made)
    await place.compute.delete_security_group(place.scope, made)


async def test_a_security_group_that_another_names_cannot_go(place: Place) -> None:
    vpc = await place.compute.default_vpc(place.scope)
    named = await place.compute.ensure_security_group(place.scope, "named", "for nodes", vpc, {})
    other = await place.compute.ensure_security_group(place.scope, "other", "for nodes", vpc, {})
    await place.compute.allow_ingress(place.scope, other, 22, [named])
    with pytest.raises(Conflict):
        await place.compute.delete_security_group(place.scope, named)
    await place.compute.delete_security_group(place.scope, other)
    await place.compute.delete_security_group(place.scope, named)


async def test_a_security_group_that_instances_have_cannot_go(place: Place) -> None:
    vpc = await place.compute.default_vpc(place.scope)
    used = await place.compute.ensure_security_group(place.scope, "used", "for nodes", vpc, {})
    template, version = await place.template("with-group", SecurityGroupIds=[used])
    request = await place.request(launch_template_id=template, launch_template_version=version)
    await place.compute.ensure_group(place.scope, request)
    await place.until(lambda found: bool(found and found.instances), request.name)
    with pytest.raises(Conflict):
        await place.compute.delete_security_group(place.scope, used)


async def test_a_group_on_what_does_not_exist_is_refused(place: Place) -> None:
    request = await place.request()
    for broken in (
        replace(request, launch_template_id="lt-0badc0ffee0badc0f"),
        replace(request, launch_template_version="7"),
        replace(request, subnets=("subnet-0badc0ffee0badc0f",)),
        replace(request, desired=9),
    ):
        with pytest.raises(Invalid):
            await place.compute.ensure_group(place.scope, broken)
    assert await place.compute.group(place.scope, request.name) is None


async def test_the_zones_that_a_cluster_is_moved_away_from_are_told_by_their_ids(place: Place) -> None:
    assert await place.compute.shifted_zones(place.scope, place.cluster_arn) == ()
    await asyncio.to_thread(place.shift, "euw1-az2")
    assert await place.compute.shifted_zones(place.scope, place.cluster_arn) == ("euw1-az2",)
    other = place.scope.cluster_arn("another")
    assert await place.compute.shifted_zones(place.scope, other) == (), "ARC does not know it"
