"""`drivers.aws` over HTTP against an AWS that is slow, throttled, broken, cut off, or not up to date."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nodeyard.ports import (
    LAUNCH_HOOK,
    Compute,
    Conflict,
    Needs,
    PortError,
    TemplateRequest,
    Throttled,
    Unavailable,
    WarmPoolSettings,
)
from tests.contract.compute.places import Place, ServedAws
from tests.proxy import Proxy

GROUP = "group"
INSTANCE = "i-0badc0ffee0badc0f"
PARAMETER = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id"


@dataclass
class Unreliable:
    """A place whose calls go through a proxy."""

    place: Place
    proxy: Proxy


@pytest.fixture
async def unreliable(
    request: pytest.FixtureRequest, served_aws: ServedAws, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Unreliable]:
    # What is tried again is, at once: how long botocore waits in between is its own affair.
    delay = "botocore.retries.standard.ExponentialBackoff.delay_amount"
    monkeypatch.setattr(delay, lambda _self, _context: 0)
    proxy = Proxy(served_aws.url)
    async with served_aws.place(proxy.endpoint, **getattr(request, "param", {})) as place:
        yield Unreliable(place, proxy)
    proxy.close()


async def _needs(place: Place) -> Needs:
    id, version = await place.template()
    return Needs(
        nodegroup="blue",
        subnets=place.subnets,
        security_groups=("sg-0badc0ffee0badc0f",),
        instance_types=("t3.medium",),
        role_arn=place.node_role,
        instance_profile="eks-1",
        template=(id, version),
        source_template=None,
        image_id="ami-0badc0ffee0badc0f",
        auto_scaling_group=GROUP,
    )


POOL = WarmPoolSettings(minimum=0, ceiling=0, state="Stopped", reuse=False)

Act = Callable[[Place, "Made"], Awaitable[Any]]


@dataclass
class Made:
    """What there is before each operation is tried."""

    vpc: str
    security_group: str
    template: str
    needs: Needs

    @staticmethod
    async def in_(place: Place) -> Made:
        compute, scope = place.compute, place.scope
        vpc = await compute.default_vpc(scope)
        group = await compute.ensure_security_group(scope, "eks", "for nodes", vpc, {})
        await compute.ensure_instance_profile(scope, "eks-1", place.node_role, {})
        await compute.ensure_group(scope, await place.request(GROUP, desired=0))
        template, _ = await place.template()
        return Made(vpc, group, template, await _needs(place))


async def _ensure_group(place: Place, made: Made) -> None:
    await place.compute.ensure_group(place.scope, await place.request("another", desired=0))


OPERATIONS: dict[str, Act] = {
    "subnets": lambda p, m: p.compute.subnets(p.scope, p.subnets),
    "default_vpc": lambda p, m: p.compute.default_vpc(p.scope),
    "role": lambda p, m: p.compute.role(p.scope, p.node_role),
    "template": lambda p, m: p.compute.template(p.scope, id=m.template, name=None, version=None),
    "offered_types": lambda p, m: p.compute.offered_types(p.scope, ["t3.medium", "m5.large"]),
    "image_of_release": lambda p, m: p.compute.image_of_release(p.scope, PARAMETER),
    "inspect": lambda p, m: p.compute.inspect(p.scope, m.needs),
    "ensure_security_group": lambda p, m: p.compute.ensure_security_group(p.scope, "n", "new", m.vpc, {}),
    "allow_ingress": lambda p, m: p.compute.allow_ingress(p.scope, m.security_group, 22, []),
    "delete_security_group": lambda p, m: p.compute.delete_security_group(p.scope, m.security_group),
    "ensure_instance_profile": lambda p, m: p.compute.ensure_instance_profile(
        p.scope, "eks-2", p.node_role, {}
    ),
    "delete_instance_profile": lambda p, m: p.compute.delete_instance_profile(p.scope, "eks-1"),
    "ensure_template": lambda p, m: p.template("new"),
    "add_template_version": lambda p, m: p.compute.add_template_version(
        p.scope, m.template, {"InstanceType": "m5.large"}, "token-2"
    ),
    "ensure_group": _ensure_group,
    "group": lambda p, m: p.compute.group(p.scope, GROUP),
    "resize_group": lambda p, m: p.compute.resize_group(p.scope, GROUP, minimum=0, maximum=3, desired=0),
    "suspend_process": lambda p, m: p.compute.suspend_process(p.scope, GROUP, "AZRebalance", suspended=True),
    "set_warm_pool": lambda p, m: p.compute.set_warm_pool(p.scope, GROUP, POOL),
    "set_group_template_version": lambda p, m: p.compute.set_group_template_version(
        p.scope, GROUP, m.template, "2"
    ),
    "activities": lambda p, m: p.compute.activities(p.scope, GROUP),
    "interruptions": lambda p, m: p.compute.interruptions(p.scope, [INSTANCE]),
    "shifted_zones": lambda p, m: p.compute.shifted_zones(p.scope, p.cluster_arn),
    "reservation_end": lambda p, m: p.compute.reservation_end(p.scope, "cr-0badc0ffee0badc0f"),
    "schedule_sizes": lambda p, m: p.compute.schedule_sizes(
        p.scope, GROUP, "down", at=datetime.now(UTC) + timedelta(hours=1), minimum=0, desired=0
    ),
    "complete_hook": lambda p, m: p.compute.complete_hook(
        p.scope, GROUP, LAUNCH_HOOK, INSTANCE, result="CONTINUE"
    ),
    "terminate_instance": lambda p, m: p.compute.terminate_instance(p.scope, INSTANCE),
    "reboot_instance": lambda p, m: p.compute.reboot_instance(p.scope, INSTANCE),
    "delete_group": lambda p, m: p.compute.delete_group(p.scope, GROUP),
    "delete_template": lambda p, m: p.compute.delete_template(p.scope, "template"),
}
"""In an order in which all of them can be done one after the other."""


def test_no_operation_is_forgotten() -> None:
    asks_nothing = {"adopt"}
    assert OPERATIONS.keys() | asks_nothing == {name for name in vars(Compute) if not name.startswith("_")}


KINDS: dict[str, type[PortError]] = {
    "throttled": Throttled,
    "500": Unavailable,
    "dropped": Unavailable,
    "reset": Unavailable,
    "truncated": Unavailable,
}


@pytest.mark.parametrize("unreliable", [{"attempts": 1}], indirect=True)
async def test_every_operation_tells_by_a_port_error_what_became_of_it(unreliable: Unreliable) -> None:
    place = unreliable.place
    made = await Made.in_(place)

    async def told(name: str) -> BaseException | None:
        try:
            await OPERATIONS[name](place, made)
        except Exception as error:
            return error
        return None

    reads = [name for name in OPERATIONS if not name.startswith("delete")]
    for fault, kind in KINDS.items():
        unreliable.proxy.fault = lambda _call, fault=fault: fault  # type: ignore[misc]
        found = await asyncio.gather(*(told(name) for name in reads))
        other = {name: each for name, each in zip(reads, found, strict=True) if type(each) is not kind}
        assert other == {}, fault
    deletions = [name for name in OPERATIONS if name.startswith("delete")]
    found = await asyncio.gather(*(told(name) for name in deletions))
    assert {type(each) for each in found} == {Unavailable}


@pytest.mark.parametrize("unreliable", [{"attempts": 2, "read_timeout_s": 0.2}], indirect=True)
async def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_it_should(
    unreliable: Unreliable,
) -> None:
    unreliable.proxy.fault = lambda _call: "late"
    with pytest.raises(Unavailable, match="Read timeout"):
        await unreliable.place.compute.subnets(unreliable.place.scope, unreliable.place.subnets)
    assert unreliable.proxy.calls == ["DescribeSubnets"] * 2


async def test_a_call_that_fails_the_first_time_is_made_again_and_nothing_is_made_twice(
    unreliable: Unreliable,
) -> None:
    place, seen, ways = unreliable.place, Counter[str](), tuple(KINDS)
    spoiled: dict[str, str] = {}
    made = await Made.in_(place)

    def first(call: str) -> str | None:
        seen[call] += 1
        if seen[call] > 1:
            return None
        return spoiled.setdefault(call, ways[len(seen) % len(ways)])

    unreliable.proxy.fault = first
    answers: dict[str, Any] = {}
    for name, act in OPERATIONS.items():
        answers[name] = await _until_done(act, place, made)
    # An answer that says nothing but "done" may be cut off and is understood.
    assert len(spoiled) > 25
    assert {spoiled[call] for call, times in seen.items() if times == 1} <= {"truncated"}
    assert answers["add_template_version"] == "2"
    assert len(answers["subnets"]) == 3 and answers["offered_types"] == {"t3.medium", "m5.large"}
    assert await place.compute.group(place.scope, GROUP) is None
    assert await place.compute.group(place.scope, "another") is not None
    assert await place.compute.template(place.scope, id=None, name="template", version=None) is None


async def _until_done(act: Act, place: Place, made: Made) -> Any:
    """Do as a flow does, which comes back: what was cut off botocore does not ask for again."""
    for _ in range(8):
        try:
            return await act(place, made)
        except Unavailable as error:
            assert "parse" in error.message or "cut off" in error.message, error.message
            assert "\n" not in error.message and len(error.message) < 300
    raise AssertionError("it was spoiled more than once")


async def test_what_was_made_a_moment_ago_and_is_not_seen_yet_is_not_made_again(
    unreliable: Unreliable,
) -> None:
    place, compute, scope = unreliable.place, unreliable.place.compute, unreliable.place.scope
    vpc = await compute.default_vpc(scope)
    request = await place.request("new", desired=0)
    data = TemplateRequest("fresh", {"InstanceType": "t3.medium"}, {}, "token-fresh")
    ensure: dict[str, Callable[[], Awaitable[Any]]] = {
        "DescribeSecurityGroups": lambda: compute.ensure_security_group(scope, "n", "new", vpc, {}),
        "GetInstanceProfile": lambda: compute.ensure_instance_profile(scope, "eks-1", place.node_role, {}),
        "DescribeLaunchTemplates": lambda: compute.ensure_template(scope, data),
        "DescribeAutoScalingGroups": lambda: compute.ensure_group(scope, request),
    }
    for read, make in ensure.items():
        first = await make()
        seen = Counter[str]()

        def stale(call: str, read: str = read, seen: Counter[str] = seen) -> str | None:
            seen[call] += 1
            return "stale" if call == read and seen[call] == 1 else None

        unreliable.proxy.fault = stale
        assert await make() == first
        assert seen[read] >= 2, f"{read} was not asked again"
        unreliable.proxy.fault = lambda _call: None


async def test_what_stays_unseen_is_a_conflict_to_come_back_to(unreliable: Unreliable) -> None:
    place = unreliable.place
    request = await place.request("new", desired=0)
    await place.compute.ensure_group(place.scope, request)
    unreliable.proxy.fault = lambda call: "stale" if call == "DescribeAutoScalingGroups" else None
    with pytest.raises(Conflict):
        await place.compute.ensure_group(place.scope, request)
    assert await place.compute.group(place.scope, "new") is None
    unreliable.proxy.fault = lambda _call: None
    found = await place.compute.group(place.scope, "new")
    assert found is not None and len(found.hooks) == 2


async def test_lists_that_come_in_pages_are_read_to_their_end(unreliable: Unreliable) -> None:
    place, compute, scope = unreliable.place, unreliable.place.compute, unreliable.place.scope
    template, _ = await place.template()
    for token in ("t-2", "t-3", "t-4"):
        await compute.add_template_version(scope, template, {"InstanceType": "t3.medium"}, token)
    whole = await compute.role(scope, place.node_role)
    unreliable.proxy.fault = lambda _call: "paged"
    assert len(await compute.subnets(scope, place.subnets)) == 3
    assert await compute.role(scope, place.node_role) == whole
    assert whole is not None and len(whole.policy_arns) > 2
    assert len(await compute.offered_types(scope, ["t3.medium", "m5.large", "c5.large"])) == 3
    for version, token in (("2", "t-2"), ("4", "t-4")):
        assert await compute.add_template_version(scope, template, {}, token) == version
    asked = unreliable.proxy.calls[-2:]
    assert asked == ["DescribeLaunchTemplateVersions"] * 2, "no version was made again"
