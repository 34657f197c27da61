"""Auto Scaling as a service: a query request in, an answer out, the engine running beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.auto_scaling import operations, rebalancing
from nodeyard.world.aws.auto_scaling.calls import Call
from nodeyard.world.aws.auto_scaling.engine import Engine, OnGroupChange
from nodeyard.world.aws.auto_scaling.errors import Refused
from nodeyard.world.aws.auto_scaling.persistence import GroupFile
from nodeyard.world.aws.auto_scaling.records import Member
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import Instances

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class AutoScaling:
    """Groups of all accounts and Regions over one fleet. `path` None: nothing is kept."""

    def __init__(
        self,
        *,
        instances: Instances,
        clock: Clock,
        ids: Ids,
        path: Path | None,
        on_group_change: OnGroupChange,
    ) -> None:
        self.instances = instances
        self._ids = ids
        self._file = GroupFile(path)
        self._engine = Engine(instances, clock, ids, self._file, on_group_change)
        self._task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Read what was kept. Raises: WorldDataError."""
        self._engine.load()

    async def start(self, stood: Standstill) -> None:
        """Go on where the groups were."""
        self._engine.resume(stood)
        await self._engine.adopt()
        self._task = asyncio.create_task(self._engine.run(), name="Auto Scaling")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._file.close()

    async def ask(
        self, account: str, region: str, operation: str, parameters: dict[str, Any]
    ) -> dict[str, Any]:
        """Run one operation without the protocol: parameters and result in AWS spelling. Raises: Refused."""
        return await operations.run(operation, Call(self._engine, account, region, parameters))

    def recommend_rebalance(self, instance_ids: Sequence[str]) -> None:
        """Say as EC2 that Spot instances of groups are at elevated risk of interruption."""
        for state, member in self._members(instance_ids):
            rebalancing.recommend(self._engine, state, member)
            self._engine.write(state)

    def interrupt(self, instance_ids: Sequence[str]) -> None:
        """Give notice as EC2 that Spot instances of groups are taken back in two minutes."""
        for state, member in self._members(instance_ids):
            rebalancing.give_notice(self._engine, state, member)
            self._engine.write(state)

    def noticed(self, account: str, region: str) -> dict[str, datetime]:
        """Return instance -> when EC2 gave notice that it is taken back."""
        return {
            member.id: member.noticed_at
            for key, state in self._engine.groups.items()
            if key[:2] == (account, region)
            for member in state.members.values()
            if member.noticed_at is not None
        }

    def _members(self, ids: Sequence[str]) -> Iterator[tuple[GroupState, Member]]:
        for id in ids:
            key = self._engine.group_of.get(id)
            if key is not None:
                yield self._engine.groups[key], self._engine.groups[key].members[id]

    def state(self, account: str, region: str, name: str) -> GroupState | None:
        """Return a group as it is now, to be read only."""
        return self._engine.groups.get((account, region, name))

    async def answer(self, account: str, region: str, body: bytes, content_type: str) -> Answer:
        """Answer one request of the AWS query protocol."""
        # Imported here: loading the service model takes longer than a start may.
        from nodeyard.world.aws.auto_scaling.query import CONTENT_TYPE, autoscaling

        protocol, request_id = autoscaling(), self._ids.uuid()
        try:
            request = protocol.decode(body)
            call = Call(self._engine, account, region, request.parameters)
            result = await operations.run(request.operation, call)
            status, document = 200, protocol.encode(request.operation, result, request_id)
        except Refused as refused:
            status, document = refused.status, protocol.encode_error(refused, request_id)
        except Exception:
            log.exception("Auto Scaling hit a bug", request_id=request_id)
            failure = Refused(
                "InternalFailure", f"The log has more under request id {request_id}.", status=500
            )
            status, document = 500, protocol.encode_error(failure, request_id)
        return Answer(status, (("content-type", CONTENT_TYPE), ("x-amzn-requestid", request_id)), document)
