"""The embedded AWS: every service that node groups and their users need beside EKS itself.

`app` starts it and routes to `asgi` each request whose signature names another service than EKS.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import structlog

from nodeyard.model import standstill
from nodeyard.model.scope import Scope
from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Ids
from nodeyard.wire.sigv4 import Target
from nodeyard.world.aws import ec2_rules, seeds, spot_requests, zonal_shifts
from nodeyard.world.aws.auto_scaling import AutoScaling
from nodeyard.world.aws.auto_scaling.records import GROUP_TAG
from nodeyard.world.aws.instances import Fleet
from nodeyard.world.aws.moto_host import FILE, SERVICES, AwsRequest, AwsResponse, MotoHost
from nodeyard.world.aws.stacks import Eks, Stacks
from nodeyard.world.aws.zonal_shifts import ZonalShifts
from nodeyard.world.errors import WorldDataError
from nodeyard.world.faults import Faults
from nodeyard.world.faults.instances import FaultyInstances

WARM_AFTER_S = 1.0
"""Wall seconds after the start at which moto is loaded, unless a request needs it before:
loading it takes the processor from the first answers."""

log = structlog.get_logger(__name__)

GroupListener = Callable[[str, str, str], None]

_READING = ("Describe", "Get", "List", "Lookup", "Search", "Simulate", "Decode", "Validate")
_CHANGES_INSTANCES = (
    "CancelSpotFleetRequests",
    "CreateFleet",
    "DeleteFleets",
    "RebootInstances",
    "RequestSpot",
    "RunInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
)


class EmbeddedAws:
    """One AWS for all accounts and Regions. `data_dir` None: nothing is kept."""

    def __init__(
        self, *, clock: Clock, ids: Ids, data_dir: Path | None, account: str, faults: Faults
    ) -> None:
        self._account = account
        self._ids = ids
        self._listeners: list[GroupListener] = []
        self._host = MotoHost(data_dir / FILE if data_dir else None, seeds.seed)
        self.fleet = Fleet(self._host, clock)
        self._faulty = FaultyInstances(self.fleet, faults, clock)
        self._groups = AutoScaling(
            instances=self._faulty,
            clock=clock,
            ids=ids,
            path=data_dir / "autoscaling.sqlite" if data_dir else None,
            on_group_change=self._group_changed,
        )
        self.zonal_shifts = ZonalShifts(
            clock, ids, data_dir / zonal_shifts.FILE if data_dir else None, self._zones
        )
        self._stacks = Stacks(self._host, clock)
        self._warming: asyncio.TimerHandle | None = None
        self._kept = data_dir is not None and (data_dir / FILE).exists()

    async def load(self) -> None:
        """Read what was kept; nothing moves yet. Raises: WorldDataError."""
        if self._kept:
            await self.fleet.load()
        self._groups.load()

    async def start(self, stood: Standstill = standstill.NONE) -> None:
        """Let instances and groups go on; what is slow is loaded in the background if it was not needed."""
        if not self._kept:
            self._warming = asyncio.get_running_loop().call_later(WARM_AFTER_S, self._host.warm)
        await self.fleet.start()
        self.fleet.resume(stood)
        self.zonal_shifts.load(stood)
        await self._groups.start(stood)
        await self._faulty.start(self._groups.interrupt)
        if self._kept:
            await self._stacks.resume()

    async def stop(self) -> None:
        if self._warming is not None:
            self._warming.cancel()
        await self._stacks.stop()
        await self._faulty.stop()
        await self._groups.stop()
        await self.fleet.stop()
        await self._host.stop()

    def serve_stacks(self, eks: Eks) -> None:
        """Let templates of CloudFormation hold clusters and node groups, made by this API."""
        self._stacks.serve(eks)

    def on_group_change(self, callback: GroupListener) -> None:
        """Call back with (account, Region, name) when a group's instances or activities changed."""
        self._listeners.append(callback)

    def _group_changed(self, account: str, region: str, name: str) -> None:
        for listener in self._listeners:
            listener(account, region, name)

    async def catalog_changed(self) -> None:
        """Tell every Region that somebody used of releases that are new in the catalog."""
        await self._host.run(self._host.seed_again)

    async def ensure_subnet(self, account: str, region: str, subnet_id: str) -> None:
        """Make a subnet with this id in the default VPC if the Region has none by it."""

        def make() -> None:
            if seeds.make_subnet(self._host.backend("ec2", account, region), subnet_id):
                self._host.keep(("ec2", account, region))

        await self._host.run(make)

    async def ensure_role(self, account: str, region: str, arn: str) -> None:
        """Make a role that clusters and nodes can use, in the account of the ARN, if it is missing."""

        def make() -> None:
            if seeds.make_role(self._host.backend("iam", account, region), arn, region.startswith("cn-")):
                self._host.keep(("iam", account, region))

        await self._host.run(make)

    async def _zones(self, account: str, region: str) -> dict[str, str]:
        def look() -> dict[str, str]:
            zones = self._host.backend("ec2", account, region).describe_availability_zones()
            return {zone.zone_id: zone.name for zone in zones if zone.region_name == region}

        return await self._host.run(look)

    def recommend_rebalance(self, instance_ids: Sequence[str]) -> None:
        """Say as EC2 that Spot instances of groups are at elevated risk of interruption."""
        self._groups.recommend_rebalance(instance_ids)

    def interrupt(self, instance_ids: Sequence[str]) -> None:
        """Give notice as EC2 that Spot instances of groups are taken back in two minutes."""
        self._groups.interrupt(instance_ids)

    def _spot_requests(self, request: AwsRequest) -> AwsResponse | None:
        """Answer for the instances of groups; None leaves the request to moto."""
        parameters, target = _parameters(request), request.target
        asked = spot_requests.instance_ids(parameters)
        ours = [
            machine
            for machine in self.fleet.machines_now()
            if machine.id in asked and machine.lifecycle == "spot" and GROUP_TAG in machine.tags
        ]
        if not ours:
            return None
        noticed = self._groups.noticed(target.account, target.region)
        body = spot_requests.answer(parameters, ours, noticed, self._ids.uuid())
        return AwsResponse(200, (("content-type", "text/xml;charset=UTF-8"),), body)

    async def asgi(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request; `scope["nodeyard.target"]` says for whom."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        target, path = scope["nodeyard.target"], scope["path"]
        if target.service == zonal_shifts.SERVICE:
            path = scope["raw_path"].partition(b"?")[0].decode("latin-1")  # ARNs in it have slashes
        answer = await self._answer(AwsRequest(target, scope["method"], path, query, headers, body))
        given = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers]
        given.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": given})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, request: AwsRequest) -> AwsResponse:
        target = request.target
        if target.service == "autoscaling":
            answered = await self._groups.answer(
                target.account, target.region, request.body, request.headers.get("content-type", "")
            )
            return AwsResponse(answered.status, answered.headers, answered.body)
        if target.service == zonal_shifts.SERVICE:
            said = await self.zonal_shifts.answer(request)
            return AwsResponse(said.status, said.headers, said.body)
        if target.service not in SERVICES:
            return _unknown(target)
        action = _action(request)
        if action == "DescribeSpotInstanceRequests" and (answer := self._spot_requests(request)) is not None:
            return answer
        changing = not action.startswith(_READING)

        def work() -> AwsResponse:
            if target.service == "cloudformation":
                self._stacks.prepare(target.account, target.region)
            answer = ec2_rules.refusal(self._host, request, action) or self._host.answer(request)
            self._host.told(target, changed=changing)
            return answer

        try:
            if target.service == "ec2" and action.startswith(_CHANGES_INSTANCES):
                rebooted = _instance_ids(request) if action == "RebootInstances" else ()
                return await self.fleet.by_client(target.account, target.region, work, rebooted)
            answer = await self._host.run(work)
        except WorldDataError as error:
            log.error(error.message)
            return _failed(error.message)
        if target.service == "cloudformation" and changing:
            await self._stacks.look(Scope(target.account, target.region))
        return answer


def _action(request: AwsRequest) -> str:
    """Return the operation of a query or JSON request; empty when the protocol has none in the open."""
    named = request.headers.get("x-amz-target")
    if named:
        return named.rpartition(".")[2]
    return _parameters(request).get("Action", [""])[0]


def _parameters(request: AwsRequest) -> dict[str, list[str]]:
    text = request.body.decode("utf-8", "replace") if request.body else request.query
    return parse_qs(text)


def _instance_ids(request: AwsRequest) -> list[str]:
    return [values[0] for name, values in _parameters(request).items() if name.startswith("InstanceId.")]


def _failed(message: str) -> AwsResponse:
    """Return what AWS answers when it could not keep what it was asked to do."""
    document = f"<Response><Errors><Error><Code>InternalError</Code><Message>{escape(message)}</Message>"
    body = f"{document}</Error></Errors></Response>".encode()
    return AwsResponse(500, (("content-type", "text/xml"),), body)


def _unknown(target: Target) -> AwsResponse:
    known = ", ".join(sorted(SERVICES | {"autoscaling", "eks", zonal_shifts.SERVICE}))
    message = f"The embedded AWS does not have the service {target.service}; it has {known}."
    body = json.dumps({"__type": "UnknownServiceException", "message": message}).encode()
    headers = (("content-type", "application/json"), ("x-amzn-errortype", "UnknownServiceException"))
    return AwsResponse(400, headers, body)
