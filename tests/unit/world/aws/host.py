"""The embedded AWS without a server: boto3 requests go straight to its application."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from moto.backends import get_backend

from nodeyard.drivers.system import SeededIds
from nodeyard.wire.sigv4 import Target
from nodeyard.world.aws.embedded import EmbeddedAws
from nodeyard.world.aws.moto_host import SERVICES
from nodeyard.world.faults import Faults
from tests.fakes import FakeClock

ACCOUNT, REGION = "111122223333", "eu-west-1"


class Aws:
    """One process of the embedded AWS. The next one finds what was on disk: nothing is closed or written."""

    def __init__(self, data_dir: Path | None) -> None:
        for service in SERVICES - {"cloudformation", "tagging"}:
            dict.clear(get_backend(service))  # moto keeps them in its modules
        clock, ids = FakeClock(), SeededIds(5)
        self.embedded = EmbeddedAws(
            clock=clock, ids=ids, data_dir=data_dir, account=ACCOUNT, faults=Faults(clock, ids)
        )

    async def call(self, service: str, operation: str, region: str = REGION, **parameters: Any) -> Any:
        """Make one call; boto3 waits in a thread while this loop answers."""
        loop = asyncio.get_running_loop()

        client = boto3.client(
            service, region_name=region, aws_access_key_id="any", aws_secret_access_key="any"
        )
        signed_for = client.meta.service_model.signing_name

        def answer(request: Any, **_: Any) -> AWSResponse:
            return asyncio.run_coroutine_threadsafe(self._answer(signed_for, region, request), loop).result(
                60
            )

        client.meta.events.register("before-send", answer)
        found = await asyncio.to_thread(getattr(client, operation), **parameters)
        return {key: value for key, value in found.items() if key != "ResponseMetadata"}

    async def _answer(self, service: str, region: str, request: Any) -> AWSResponse:
        path, _, query = request.url.partition("://")[2].partition("/")[2].partition("?")
        scope = {
            "nodeyard.target": Target(service, region, ACCOUNT),
            "method": request.method,
            "path": f"/{path}",
            "query_string": query.encode(),
            "headers": [
                (k.encode(), v if isinstance(v, bytes) else v.encode()) for k, v in request.headers.items()
            ],
        }
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.embedded.asgi(scope, receive, send)
        headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return AWSResponse(request.url, sent[0]["status"], headers, _Raw(sent[1]["body"]))


class _Raw:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self, **_: Any) -> Any:
        yield self._data
