"""moto in this process, on one thread of its own: requests in, responses out, backends for direct use.

moto is not safe for threads and slow to import, so everything that touches it runs here, one
thing after the other. The first use imports it; `warm` does that in the background.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nodeyard.wire.sigv4 import Target
from nodeyard.world.errors import WorldDataError

T = TypeVar("T")

SERVICES = frozenset(
    {"ec2", "iam", "sts", "ssm", "cloudformation", "tagging", "kms", "logs", "sqs", "events"}
)
"""What is served beside Auto Scaling and EKS, by its name in signatures."""

FILE = "moto.sqlite"
FORMAT = 1
WHAT = "The state of the embedded AWS"

_ACT_THROUGH_OTHERS = frozenset({"cloudformation", "tagging"})
_OF_THE_SERVER = frozenset({"content-length", "date", "server"})
"""What the web server says once for every answer: a second date ends the AWS SDK for JavaScript."""
_DROPPED_HEADERS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """One HTTP request to an AWS service, signature already judged."""

    target: Target
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class AwsResponse:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class MotoHost:
    """The thread, and what runs on it. `path` None: nothing is kept on disk."""

    def __init__(self, path: Path | None, seed: Callable[[MotoHost, str, str], None]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moto")
        self._path = path
        self._seed = seed
        self._seeded: set[tuple[str, str]] = set()
        self._state: Any = None
        self._stopped = False
        self._unkept: set[tuple[str, str, str]] = set()
        """What was changed and is not on disk yet."""

    def warm(self) -> None:
        """Import moto and read what was kept, in the background."""
        self._thread.submit(self._ready)

    async def run(self, work: Callable[[], T]) -> T:
        """Run something on the thread, after moto is there, and return once all that it saw is on disk.

        A backend is written as a whole, which takes long when it is large. What waits for the thread
        meanwhile is done first and written together, so that many callers at once share one writing.
        Raises: WorldDataError when it could not be written, or comes after the stop.
        """
        if self._stopped:
            raise WorldDataError("The embedded AWS has stopped; nothing was done. Ask again when it is up.")

        def go() -> T:
            self._ready()
            return work()

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, go)
        finally:
            if self._unkept:
                await loop.run_in_executor(self._thread, self._write)

    async def stop(self) -> None:
        self._stopped = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    # --- on the thread ---

    def _ready(self) -> None:
        if self._state is not None:
            return
        os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        from nodeyard.world.aws.moto_state import MotoState

        self._state = MotoState(self._path)

    def _write(self) -> None:
        for place in sorted(self._unkept):
            self._state.keep(*place)
            self._unkept.discard(place)

    def _close(self) -> None:
        if self._state is not None:
            with contextlib.suppress(WorldDataError):  # nobody was told of it
                self._write()
            self._state.close()

    def backend(self, service: str, account: str, region: str) -> Any:
        """Return moto's backend, seeded. On the thread only. IAM has one a partition."""
        from moto.backends import get_backend
        from moto.utilities.utils import get_partition

        if (account, region) not in self._seeded:
            self._seeded.add((account, region))
            self._seed(self, account, region)
            # The default VPC and its subnets have ids from now on.
            self._state.keep("ec2", account, region)
        place = get_partition(region) if service in ("iam", "sts") else region
        return get_backend(service)[account][place]

    def places(self, service: str) -> list[tuple[str, str]]:
        """Return (account, Region or partition) of the backends of a service on disk. On the thread only."""
        found: list[tuple[str, str]] = self._state.places(service)
        return found

    def seed_again(self) -> None:
        """Put what is new into every Region that was seeded. On the thread only."""
        for account, region in self._seeded:
            self._seed(self, account, region)

    def keep(self, *places: tuple[str, str, str]) -> None:
        """Have backends, each (service, account, region), on disk before `run` returns. On the thread."""
        self._unkept.update(places)

    def keep_all(self, account: str, region: str) -> None:
        """Write every backend of an account and Region that changed. On the thread only."""
        self.keep(*((service, account, region) for service in sorted(SERVICES)))

    def told(self, target: Target, *, changed: bool) -> None:
        """Keep what an answer tells of, before it is sent. On the thread only.

        What a service makes at its first use is kept though nobody asked for a change; services
        that act through others make those be kept too.
        """
        where = target.account, target.region
        if not changed and self._state.holds(target.service, *where):
            return
        if target.service in _ACT_THROUGH_OTHERS:
            self.keep_all(*where)
        else:
            self.keep((target.service, *where))

    def answer(self, request: AwsRequest) -> AwsResponse:
        """Answer one request. On the thread only."""
        from botocore.awsrequest import AWSPreparedRequest
        from botocore.compat import HTTPHeaders
        from moto.core.botocore_stubber import BotocoreStubber

        target = request.target
        self.backend("ec2", target.account, target.region)  # seeds the Region
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            if name not in _DROPPED_HEADERS:
                headers[name] = value
        headers["x-moto-account-id"] = target.account
        suffix = "amazonaws.com.cn" if target.region.startswith("cn-") else "amazonaws.com"
        query = f"?{request.query}" if request.query else ""
        url = f"https://{target.service}.{target.region}.{suffix}{request.path}{query}"
        prepared = AWSPreparedRequest(request.method, url, headers, request.body, False)
        answered = BotocoreStubber().process_request(prepared)
        assert answered is not None, "moto knows every service of SERVICES"
        status, given, body = answered
        raw = body.encode() if isinstance(body, str) else bytes(body)
        kept = tuple((str(k), str(v)) for k, v in dict(given).items() if str(k).lower() not in _OF_THE_SERVER)
        return AwsResponse(status, kept, raw)
