"""The hook queue on the embedded SQS: woken in the database first, deleted then; nothing twice matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from nodeyard.app import hook_queue
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.hook_queue import HookQueue
from nodeyard.drivers.aws.settings import account_as_access_key
from nodeyard.flows import keys
from nodeyard.flows.told import LEARN_AGAIN_S, Told
from nodeyard.model.scope import Scope
from nodeyard.ports import Changes, Unavailable
from nodeyard.settings import StartRefused
from tests.contract.compute.places import ServedAws
from tests.fakes import FakeClock


@dataclass
class Yard:
    """A store with one group, and the queue that tells of it."""

    scope: Scope
    source: HookQueue
    sqs: Any
    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    groups: list[str] = field(default_factory=lambda: ["blue"])
    broken: bool = False
    woken: list[str] = field(default_factory=list)
    looks: int = 0

    def __post_init__(self) -> None:
        hands: Any = SimpleNamespace(store=self, clock=self.clock)
        self.told = Told(hands)

    async def all_clusters(self) -> tuple[Any, ...]:
        self.looks += 1
        return (SimpleNamespace(scope=self.scope, name="prod"),)

    async def nodegroups(self, _scope: Scope, _cluster: str) -> tuple[Any, ...]:
        return tuple(
            SimpleNamespace(name=each, auto_scaling_group_name=f"eks-{each}") for each in self.groups
        )

    async def commit(self, changes: Changes) -> None:
        if self.broken:
            raise Unavailable("the database is gone")
        self.woken += [key for key, _ in changes.wake]

    async def send(self, *bodies: str) -> None:
        for body in bodies:
            await asyncio.to_thread(self.sqs.send_message, QueueUrl=self.url, MessageBody=body)

    async def read(self) -> int:
        return await hook_queue.once(self.source, self.told)

    def key(self, group: str) -> str:
        return keys.of_nodegroup(self.scope, "prod", group)

    def event(self, group: str, account: str | None = None) -> str:
        place = {"account": account or self.scope.account, "region": self.scope.region}
        return json.dumps(place | {"detail": {"AutoScalingGroupName": f"eks-{group}"}})


@pytest.fixture
async def yard(served_aws: ServedAws) -> AsyncIterator[Yard]:
    async with served_aws.place() as place:
        assert isinstance(place.compute, AwsCompute)
        access, secret, _ = account_as_access_key(place.scope)
        sqs = boto3.client(
            "sqs",
            region_name=place.scope.region,
            endpoint_url=served_aws.url,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
        )
        # What is received and not deleted is there again at once.
        made = await asyncio.to_thread(
            sqs.create_queue, QueueName="hooks", Attributes={"VisibilityTimeout": "0"}
        )
        url = f"https://sqs.{place.scope.region}.amazonaws.com/{place.scope.account}/hooks"
        assert made["QueueUrl"].endswith(f"/{place.scope.account}/hooks")
        source = hook_queue.queue(url, place.compute.calls, embedded=True)
        yield Yard(place.scope, source, sqs, url)


async def test_a_message_wakes_its_group_and_is_deleted(yard: Yard) -> None:
    await yard.send(yard.event("blue"))
    assert await yard.read() == 1
    assert yard.woken == [yard.key("blue")]
    assert await yard.read() == 0


async def test_a_message_stays_until_its_wake_up_is_in_the_database(yard: Yard) -> None:
    await yard.send(yard.event("blue"))
    yard.broken = True
    with pytest.raises(Unavailable):
        await yard.read()
    assert yard.woken == []
    yard.broken = False
    assert await yard.read() == 1
    assert yard.woken == [yard.key("blue")]
    assert await yard.read() == 0


async def test_what_comes_twice_or_is_of_others_or_makes_no_sense_does_no_harm(yard: Yard) -> None:
    await yard.send(
        yard.event("blue"), "no message of AWS", yard.event("green"), yard.event("blue", "999988887777")
    )
    await yard.send(yard.event("blue"))
    read = 0
    while came := await yard.read():
        read += came
    assert read == 5
    assert set(yard.woken) == {yard.key("blue")}


async def test_groups_are_read_again_for_a_name_that_is_new_and_seldom_for_one_that_stays_unknown(
    yard: Yard,
) -> None:
    for _ in range(3):
        await yard.send(yard.event("green"))
        await yard.read()
    assert (yard.looks, yard.woken) == (1, [])
    yard.groups.append("green")
    yard.clock.advance(LEARN_AGAIN_S)
    await yard.send(yard.event("green"))
    await yard.read()
    assert (yard.looks, yard.woken) == (2, [yard.key("green")])


@pytest.mark.parametrize(
    "url", ["hooks", "https://example.com/1/hooks", "https://sqs.eu-west-1.amazonaws.com/me/x"]
)
def test_an_address_that_is_no_queue_refuses_the_start(url: str) -> None:
    with pytest.raises(StartRefused, match="is no queue: give its URL"):
        hook_queue.named(url)
