"""The two AWS that the contract of Compute is held against: in memory, and boto3 on the embedded one.

Each place is an account of its own with three subnets and a node role.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import boto3

from nodeyard import catalog
from nodeyard.app import serving
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.settings import AwsSettings, account_as_access_key
from nodeyard.drivers.system import ScaledClock, SeededIds
from nodeyard.model import standstill
from nodeyard.model.scope import Scope
from nodeyard.ports import AutoScalingGroup, Compute, GroupRequest, TemplateRequest
from nodeyard.wire import sigv4
from nodeyard.wire.sigv4 import Target
from nodeyard.world.aws.auto_scaling import AutoScaling
from nodeyard.world.aws.embedded import EmbeddedAws
from nodeyard.world.aws.instances import Fleet
from nodeyard.world.aws.memory import Accounts, MemoryCompute, MemoryFleet
from nodeyard.world.aws.memory.account import Region
from nodeyard.world.faults import Faults

T = TypeVar("T")

REGION = "eu-west-1"
CLOCK = ScaledClock(100)
"""A wait of the world is over soon: one of its minutes is 0.6 s."""
PATIENCE_S = 20.0


@dataclass
class Place:
    """An account, and the hands on it."""

    compute: Compute
    scope: Scope
    subnets: tuple[str, ...]
    node_role: str
    interrupt: Callable[[list[str]], None]
    """Has EC2 give notice to Spot instances."""
    reboots: Callable[[str], int]
    """Tells how often an instance was rebooted."""
    shift: Callable[[str], None]
    """Has ARC move the cluster named `managed` away from a zone, given by its id."""

    reserve: Callable[[datetime], str]
    """Makes a capacity reservation that ends at an instant, and returns its id."""

    @property
    def cluster_arn(self) -> str:
        return self.scope.cluster_arn("managed")

    async def until(self, done: Callable[[AutoScalingGroup | None], bool], name: str) -> Any:
        """Look at a group until something holds, and return it as it is then."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.compute.group(self.scope, name)
                if done(found):
                    return found
                await CLOCK.sleep(2)

    async def template(self, name: str = "template", **data: Any) -> tuple[str, str]:
        """Make a template that launches: the newest image of a release."""
        release = catalog.default().latest_release("AL2023_x86_64_STANDARD", "1.34")
        assert release is not None
        launches = {"ImageId": release.image_id(self.scope.region), "InstanceType": "t3.medium"}
        return await self.compute.ensure_template(
            self.scope, TemplateRequest(name, launches | data, {"made-by": "test"}, f"token-{name}")
        )

    async def request(self, name: str = "group", desired: int = 1, **members: Any) -> GroupRequest:
        template, version = await self.template()
        asked: dict[str, Any] = {
            "name": name,
            "minimum": 0,
            "maximum": 5,
            "desired": desired,
            "subnets": self.subnets,
            "launch_template_id": template,
            "launch_template_version": version,
            "instance_types": ("t3.medium",),
            "spot_allocation": None,
            "tags": {"eks:nodegroup-name": name},
            "hook_heartbeat_s": 1800,
        }
        return GroupRequest(**(asked | members))


@asynccontextmanager
async def in_memory() -> AsyncIterator[Place]:
    clock, ids = CLOCK, SeededIds(1)
    scope = Scope("111122223333", REGION)
    accounts = Accounts(ids)
    fleet = MemoryFleet(accounts, clock, ids)
    groups = AutoScaling(
        instances=fleet, clock=clock, ids=ids, path=None, on_group_change=lambda *place: None
    )
    await fleet.start()
    await groups.start(standstill.NONE)
    region = accounts.region(scope)
    role = region.add_role("node")
    yield Place(
        MemoryCompute(accounts, groups),
        scope,
        tuple(region.subnets),
        role,
        groups.interrupt,
        lambda id: reboots(fleet, id),
        lambda zone: region.shifts.update({scope.cluster_arn("managed"): {zone}}),
        lambda end: reserved(region, end),
    )
    await groups.stop()
    await fleet.stop()


def reserved(region: Region, end: datetime) -> str:
    region.reservations["cr-1"] = end
    return "cr-1"


def reboots(fleet: MemoryFleet | Fleet, instance: str) -> int:
    return next(each.reboots for each in fleet.machines_now() if each.id == instance)


async def _allows(account: str, region: str, cluster_arn: str) -> bool:
    return cluster_arn.endswith("/managed")


class ServedAws:
    """The embedded AWS on loopback, on a thread and a loop of its own; slow to load, so one for all tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded AWS", daemon=True)
        self._thread.start()
        self._accounts = 0
        socket = serving.bound("127.0.0.1", 0, "--port")
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        self._server = serving.server(self._asgi)
        self._aws = self.do(self._start())
        self._serving = asyncio.run_coroutine_threadsafe(self._server.serve(sockets=[socket]), self._loop)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _start(self) -> EmbeddedAws:
        faults = Faults(CLOCK, SeededIds(2))
        made = EmbeddedAws(
            clock=CLOCK, ids=SeededIds(1), data_dir=None, account="111122223333", faults=faults
        )
        made.zonal_shifts.allows = _allows
        await made.start()
        return made

    async def _asgi(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        signed = sigv4.parse(headers, "")
        assert signed is not None, "boto3 signs"
        scope["nodeyard.target"] = Target(signed.service, signed.region, signed.access_key)
        await self._aws.asgi(scope, receive, send)

    def close(self) -> None:
        self._server.should_exit = True
        self._serving.result(10)
        self.do(self._aws.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @asynccontextmanager
    async def place(self, through: str | None = None, **reach: Any) -> AsyncIterator[Place]:
        """Give an account of its own; `through` is the address of a proxy, `reach` of `AwsSettings`."""
        self._accounts += 1
        scope = Scope(f"{self._accounts:012d}", REGION)
        role = f"arn:aws:iam::{scope.account}:role/node"
        await asyncio.to_thread(self.do, self._aws.ensure_role(scope.account, REGION, role))
        url = through or self.url
        settings = AwsSettings(endpoint_url=url, credentials=account_as_access_key, **reach)
        compute = AwsCompute(settings, CLOCK)
        subnets = await asyncio.to_thread(self._subnets, scope)
        yield Place(
            compute,
            scope,
            subnets,
            role,
            self._interrupt,
            lambda id: reboots(self._aws.fleet, id),
            lambda zone: self._shift(scope, zone),
            lambda end: self._reserve(scope, end),
        )
        compute.close()

    def _interrupt(self, ids: list[str]) -> None:
        self._loop.call_soon_threadsafe(self._aws.interrupt, ids)

    def _client(self, service: str, scope: Scope) -> Any:
        access, secret, _ = account_as_access_key(scope)
        return boto3.client(
            service,
            region_name=scope.region,
            endpoint_url=self.url,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
        )

    def _shift(self, scope: Scope, zone: str) -> None:
        asked = {"resourceIdentifier": scope.cluster_arn("managed"), "awayFrom": zone, "expiresIn": "1h"}
        self._client("arc-zonal-shift", scope).start_zonal_shift(**asked, comment="a test")

    def _reserve(self, scope: Scope, end: datetime) -> str:
        made = self._client("ec2", scope).create_capacity_reservation(
            InstanceType="p5.48xlarge",
            InstancePlatform="Linux/UNIX",
            AvailabilityZone=f"{REGION}a",
            InstanceCount=2,
            EndDateType="limited",
            EndDate=end,
        )
        return str(made["CapacityReservation"]["CapacityReservationId"])

    def _subnets(self, scope: Scope) -> tuple[str, ...]:
        found = self._client("ec2", scope).describe_subnets()["Subnets"]
        found.sort(key=lambda each: each["AvailabilityZone"])
        return tuple(each["SubnetId"] for each in found)[:3]
