"""One door to botocore: a bounded pool of threads, one client per service, Region and account.

Every area of the driver calls AWS through `Calls.call` and `Calls.pages`; both raise only
port errors. boto3 is imported by the first call, inside a pool thread, because the import
and the first client together take longer than the whole start of the service may take.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from nodeyard.drivers.aws import permissions
from nodeyard.drivers.aws.settings import AwsSettings, Credentials
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Fenced, PortError, Unavailable, fencing
from nodeyard.translation import aws_errors

T = TypeVar("T")

PROPAGATION_PAUSES_S = (0.5, 1, 2, 4, 8)
"""Pauses before looking again for something made a moment ago; IAM takes about ten seconds."""


class Calls:
    """Runs botocore calls in threads and hands back plain dictionaries."""

    def __init__(self, settings: AwsSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._pool = ThreadPoolExecutor(settings.threads, thread_name_prefix="aws")
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], tuple[Credentials | None, Any]] = {}
        self._sessions: dict[tuple[str, Credentials | None], Any] = {}
        self._closed = False

    async def call(self, scope: Scope, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call one operation (`describe_subnets`) and return the parsed response.

        Raises: UnlistedCall for one that the table of permissions does not have.
        """
        permissions.look_up(service, operation)

        def work() -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self._client(scope, service), operation)(**parameters)
            return answer

        return await self.run(operation, work)

    async def pages(
        self, scope: Scope, service: str, operation: str, key: str, **parameters: Any
    ) -> list[dict[str, Any]]:
        """Call a paginated operation to its end and return the members of `key` of all pages.

        Raises: UnlistedCall for one that the table of permissions does not have.
        """
        permissions.look_up(service, operation)

        def work() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            for page in self._client(scope, service).get_paginator(operation).paginate(**parameters):
                found.extend(page.get(key) or ())
            return found

        return await self.run(operation, work)

    async def run(self, operation: str, work: Callable[[], T]) -> T:
        """Run blocking work in the pool; whatever it raises leaves as a port error."""
        if self._closed:
            raise Unavailable(f"{operation} was not sent: the AWS driver is closed.")
        # The thread has the run's right to act with it: see _still_allowed.
        mine = contextvars.copy_context()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, mine.run, work)
        except (PortError, Fenced):
            raise
        except Exception as error:
            raise aws_errors.translate(error, _spelled(operation)) from error

    async def until_seen(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Repeat an attempt while AWS does not yet see what it needs, a few times and no more."""
        for pause in PROPAGATION_PAUSES_S:
            try:
                return await attempt()
            except PortError as error:
                if not aws_errors.awaits_propagation(error):
                    raise
            await self._clock.sleep(pause)
        return await attempt()

    def session(self, scope: Scope) -> Any:
        """Return the boto3 session of an account. Call it in a pool thread only."""
        with self._lock:
            return self._session(scope, self._credentials(scope))

    def client(self, scope: Scope, service: str) -> Any:
        """Return the client of a service. Call it in a pool thread only."""
        return self._client(scope, service)

    def close(self) -> None:
        """Refuse new calls and drop queued ones; calls on the wire run out by their timeouts."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _credentials(self, scope: Scope) -> Credentials | None:
        ask = self._settings.credentials
        return None if ask is None else ask(scope)

    def _client(self, scope: Scope, service: str) -> Any:
        credentials = self._credentials(scope)
        key = (service, scope.region, scope.account)
        held = self._clients.get(key)
        if held is not None and held[0] == credentials:
            return held[1]
        with self._lock:  # making a client is not safe in two threads of one session
            held = self._clients.get(key)
            if held is None or held[0] != credentials:
                held = credentials, self._make_client(scope, service, credentials)
                self._clients[key] = held
            return held[1]

    def _make_client(self, scope: Scope, service: str, credentials: Credentials | None) -> Any:
        from botocore.config import Config

        settings = self._settings
        retries: Any = {"mode": settings.retry_mode, "total_max_attempts": settings.attempts}
        client = self._session(scope, credentials).client(
            service,
            region_name=scope.region,
            endpoint_url=settings.endpoint_url,
            config=Config(
                connect_timeout=settings.connect_timeout_s,
                read_timeout=settings.read_timeout_s,
                max_pool_connections=settings.threads,
                retries=retries,
                user_agent_extra=settings.user_agent,
            ),
        )
        client.meta.events.register("before-send.*", _still_allowed)
        return client

    def _session(self, scope: Scope, credentials: Credentials | None) -> Any:
        import boto3

        key = (scope.account, credentials)
        session = self._sessions.get(key)
        if session is None:
            for stale in [other for other in self._sessions if other[0] == scope.account]:
                del self._sessions[stale]
            access, secret, token = credentials or (None, None, None)
            session = boto3.Session(
                aws_access_key_id=access, aws_secret_access_key=secret, aws_session_token=token
            )
            self._sessions[key] = session
        return session


def _still_allowed(**_: Any) -> None:
    """Raise Fenced right before a request is sent, the first time or again, by a run that lost its lease."""
    fencing.check()


def member(answer: dict[str, Any], name: str, operation: str) -> Any:
    """Return a member that every answer has. Raises: Unavailable for one that was cut off.

    botocore takes JSON that it cannot read for an answer without members.
    """
    if name not in answer:
        raise Unavailable(f"{operation} got an answer without {name} from AWS: it was cut off.")
    return answer[name]


def _spelled(operation: str) -> str:
    """Return `describe_subnets` as AWS spells it: DescribeSubnets."""
    return "".join(word.capitalize() for word in operation.split("_"))
