"""Two changes of one instance at once, whoever makes them, are one after the other."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from nodeyard.wire.sigv4 import Target
from nodeyard.world.aws.fleet import RUNNING, STOPPED
from nodeyard.world.aws.moto_host import AwsRequest
from tests.unit.world.aws.host import ACCOUNT, REGION, Aws

Change = Callable[[Aws, str], Awaitable[Any]]


async def asked(aws: Aws, action: str, parameters: str) -> str:
    """Send a request as a client would and return the body of the answer."""
    body = f"Action={action}&{parameters}&Version=2016-11-15".encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "ec2"}
    target = Target("ec2", REGION, ACCOUNT)
    answer = await aws.embedded._answer(AwsRequest(target, "POST", "/", "", headers, body))
    return answer.body.decode()


def between(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]


def by_client(action: str) -> Change:
    """Return a request of a client's own; it comes to its error code, if any."""

    async def change(aws: Aws, id: str) -> str:
        return between(await asked(aws, action, f"InstanceId.1={id}"), "Code")

    return change


def by_auto_scaling(name: str) -> Change:
    async def change(aws: Aws, id: str) -> None:
        await getattr(aws.embedded.fleet, name)(ACCOUNT, REGION, [id])

    return change


CHANGES: dict[str, Change] = {
    **{f"client {name}": by_client(f"{name}Instances") for name in ("Terminate", "Stop", "Start", "Reboot")},
    "group terminates": by_auto_scaling("terminate"),
    "group stops": by_auto_scaling("stop_instances"),
    "group starts": by_auto_scaling("start_instances"),
}


async def an_instance(aws: Aws, state: str) -> str:
    made = await asked(aws, "RunInstances", "ImageId=ami-12c6146b&MinCount=1&MaxCount=1")
    id = between(made, "instanceId")
    machine = next(each for each in aws.embedded.fleet.machines_now() if each.id == id)
    await aws.embedded.fleet._write([replace(machine, state=state)])
    return id


async def played(aws: Aws, state: str, names: tuple[str, ...], *, at_once: bool) -> Any:
    """Return what came of the changes: answers by name, what was told, and what EC2 says in the end."""
    id = await an_instance(aws, state)
    told: list[tuple[str, int]] = []
    aws.embedded.fleet.listen(lambda each: told.append((each.state, each.reboots)) if each.id == id else None)
    if at_once:
        go = threading.Event()
        held = asyncio.create_task(aws.embedded._host.run(lambda: go.wait(20)))
        await asyncio.sleep(0)
        tasks = [asyncio.ensure_future(CHANGES[name](aws, id)) for name in names]
        for _ in range(3):
            await asyncio.sleep(0)  # each is as far as it comes without EC2's records
        go.set()
        answers = await asyncio.gather(*tasks)
        await held
    else:
        answers = [await CHANGES[name](aws, id) for name in names]
    shown = between(
        between(await asked(aws, "DescribeInstances", f"InstanceId.1={id}"), "instanceState"), "name"
    )
    known = next(each.state for each in aws.embedded.fleet.machines_now() if each.id == id)
    return dict(zip(names, answers, strict=True)), told, shown, known


@pytest.mark.parametrize("state", [RUNNING, STOPPED])
async def test_two_changes_at_once_are_as_one_after_the_other(state: str) -> None:
    aws = Aws(None)
    wrong = []
    for names in itertools.permutations(CHANGES, 2):
        together = await played(aws, state, names, at_once=True)
        if together != await played(aws, state, names, at_once=False):
            wrong.append((names, together))
    await aws.embedded.stop()
    assert wrong == []
