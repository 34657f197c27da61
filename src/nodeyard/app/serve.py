"""`nodeyard serve`: the service on real AWS and real clusters, in as many processes as one likes.

All of them work on one database. What a process does is its role: answer callers, work on
operations, or both. Shares the doors, the hands and the flows with `nodeyard up`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from nodeyard import catalog
from nodeyard.api import probes
from nodeyard.api.asgi import Asgi
from nodeyard.api.authentication import Callers, RootKeys
from nodeyard.api.extension import Powers
from nodeyard.api.metrics import Metrics
from nodeyard.app import data_files, doors, hook_queue, images, logs, running, serving
from nodeyard.app.access import seal_of
from nodeyard.app.attached import AttachedClusters, Attaching, EveryCluster
from nodeyard.app.callers import StoredCallers
from nodeyard.app.counting import CountedKubernetes
from nodeyard.app.credentials import AccessKeys
from nodeyard.app.readiness import Readiness
from nodeyard.app.rehearsing import Rehearsals
from nodeyard.drivers.aws import permissions, preflight
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.control_planes import EksClusters
from nodeyard.drivers.aws.preflight import Found
from nodeyard.drivers.aws.releases import AwsReleases
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.drivers.kubernetes import Client, by_token
from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.store.errors import StoreError
from nodeyard.drivers.system import RandomIds, ScaledClock
from nodeyard.drivers.system.sealing import Seal
from nodeyard.engine.runner import Engine
from nodeyard.flows import reconcile
from nodeyard.flows.hands import Hands
from nodeyard.flows.hints import Hints
from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.scope import Scope
from nodeyard.ports import Kubernetes, PortError
from nodeyard.settings import Role, ServeSettings, StartRefused, is_loopback

log = structlog.get_logger(__name__)

OnReady = Callable[[str], None]
HAND_OVER_S = 2.0
"""Wall seconds for giving leases back: a database that does not answer lets them run out by itself."""
ATTEMPTS = 8
"""Calls in all before a throttled or failing one is handed up: a minute or so by botocore's back-off."""
CHECK_REGION = "us-east-1"
"""Where STS and IAM are asked when no --region is given; what they say holds everywhere."""
GONE_WITHIN_S = 4.5
"""Wall seconds from the signal to the end, whatever an AWS call in a thread is waiting for."""


def run_serve(settings: ServeSettings, on_ready: OnReady) -> int:
    """Run until SIGINT or SIGTERM and return the exit code. Raises: StartRefused."""
    logs.configure(settings.log_level, settings.log_format)
    data_files.read_fast()
    if settings.certificate is not None:
        serving.look_through(*settings.certificate)
    elif not is_loopback(settings.host):
        log.warning("callers are answered in the clear: give --tls-cert, or let a proxy add TLS")
    with serving.bound(settings.host, settings.port, "--port") as main:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        scheme = "http" if settings.certificate is None else "https"
        endpoint = f"{scheme}://{host}:{main.getsockname()[1]}"

        async def life() -> int:
            async with AsyncExitStack() as stack:
                service = await _start(settings, stack)
                server = serving.server(service.door, settings.certificate, settings.proxies)
                parts = {**service.parts, "the web server": server.serve(sockets=[main])}
                if settings.certificate is not None:
                    parts["the certificate"] = serving.follow(server, settings.certificate)
                return await running.until_stopped(
                    parts, lambda: on_ready(endpoint), partial(_drain, service, server)
                )

        return running.run(life())


@dataclass(frozen=True, slots=True)
class _Service:
    """What runs until the stop. `engine` is None in a process that only answers callers."""

    door: Asgi
    engine: Engine | None
    parts: dict[str, Coroutine[Any, Any, None]]


async def _start(settings: ServeSettings, stack: AsyncExitStack) -> _Service:
    """Open the database and wire the service; `stack` stops all of it in reverse."""
    if settings.hook_queue is not None:
        hook_queue.named(settings.hook_queue)  # refuses what is none before anything is opened
    own = images.loaded(settings.images, known := catalog.of_aws())
    clock, ids = ScaledClock(settings.speed), RandomIds()
    store = SqlStore(settings.database, clock)
    stack.push_async_callback(store.close)
    try:
        await store.open()
    except StoreError as error:
        raise StartRefused(str(error)) from error
    seal = None if settings.secret_key_file is None else seal_of(settings.secret_key_file)
    callers = await _callers(settings, store, seal)
    compute = AwsCompute(_reach(settings), clock)
    stack.callback(compute.close)

    def connect(cluster: Cluster, endpoint: Endpoint) -> Kubernetes:
        token = partial(compute.kubernetes_token, cluster.scope, cluster.name)
        return counted(Client(endpoint, by_token(token), clock, ids.random))

    def counted(client: Client, *, attached: bool = False) -> Kubernetes:
        stack.push_async_callback(client.close)
        return CountedKubernetes(client, metrics.eviction_refused, attached=attached)

    attacher = None if seal is None else Attaching(store, seal, clock, settings.exec_plugins, ids.random)
    clusters = EveryCluster(
        EksClusters(compute, connect), AttachedClusters(attacher, partial(counted, attached=True))
    )
    hands = Hands(
        *(store, compute, clusters, clock, ids, known, settings.quotas),
        rehearser=Rehearsals(clock),
        releases=None if known.learned is None else AwsReleases(compute.calls, clock, known.learned),
    )
    engine = Engine(store, clock, ids, reconcile.handler(hands))
    metrics = Metrics(store, clock, engine.failing)
    parts: dict[str, Coroutine[Any, Any, None]] = {} if own is None else {"the images": own.run()}
    works = settings.role is not Role.api
    if works:
        hints = Hints(hands, engine.wake)
        store.on_wake(engine.wake)
        store.on_record(hints.records_changed)
        parts |= {"the engine": engine.run(), "the hints": hints.run()}
        if settings.hook_queue is not None:
            embedded = settings.aws_endpoint_url is not None
            source = hook_queue.queue(settings.hook_queue, compute.calls, embedded=embedded)
            parts["the hook queue"] = hook_queue.follow(source, hands)
    ready = Readiness(store, engine if works else None)
    if settings.role is Role.worker:
        door = probes.only(ready.why_not, metrics)
    else:
        keys = AccessKeys({}, ids)  # verified by `callers`: there is no service of this process to call
        regions = frozenset(settings.regions)
        powers = Powers(engine.failing, attacher=attacher)
        behind = doors.Behind(settings.account, keys, hands, powers, metrics, ready, callers, regions)
        door, events = await doors.opened(behind, store)
        parts["the event stream"] = events.run()
    return _Service(door, engine if works else None, parts)


def _reach(settings: ServeSettings) -> AwsSettings:
    """Return how AWS is called: at the pace that its throttling allows."""
    return AwsSettings(endpoint_url=settings.aws_endpoint_url, retry_mode="adaptive", attempts=ATTEMPTS)


def check(settings: ServeSettings) -> tuple[Found, dict[str, Any]]:
    """Return what the AWS credentials may do, and the smallest policy that the service runs with.

    Opens no database and makes nothing.
    """
    queue = None if settings.hook_queue is None else hook_queue.named(settings.hook_queue)
    scope = Scope(settings.account, (settings.regions or (CHECK_REGION,))[0])
    compute = AwsCompute(_reach(settings), ScaledClock(settings.speed))

    async def looked() -> Found:
        try:
            return await preflight.look(compute.calls, scope, queue)
        finally:
            compute.close()

    return asyncio.run(looked()), permissions.policy(scope.partition, scope.account, queue)


async def _callers(settings: ServeSettings, store: SqlStore, seal: Seal | None) -> Callers:
    """Return who may call. Raises: StartRefused when that is nobody."""
    root = RootKeys(settings.access_keys, settings.account)
    if seal is None:
        return root
    if not settings.access_keys and not any(key.active for key in await store.access_keys()):
        raise StartRefused(
            "Nobody could call: there is no active access key. Make one: `nodeyard keys add USER ...`, "
            "or give --access-key ID:SECRET."
        )
    return StoredCallers(root, store, seal, settings.account)


async def _drain(service: _Service, server: serving.Server) -> None:
    """Take nothing up any more and hand over what is held, so that others go on at once."""
    guard = threading.Timer(GONE_WITHIN_S, os._exit, (0,))
    guard.daemon = True
    guard.start()
    server.should_exit = True
    if service.engine is None:
        return
    try:
        async with asyncio.timeout(HAND_OVER_S):
            await service.engine.stop()
    except (TimeoutError, PortError) as error:
        log.warning("the leases could not be given back; they run out by themselves", error=repr(error))
