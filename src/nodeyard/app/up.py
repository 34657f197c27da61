"""`nodeyard up`: embedded AWS, embedded Kubernetes, simulated machines and the service in one process.

The order matters: sockets first and the data directory next, so that a start that cannot
succeed changes nothing; the doors open before anything slow is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nodeyard import catalog
from nodeyard.api.asgi import Asgi
from nodeyard.api.event_stream import EventStream
from nodeyard.api.extension import Powers
from nodeyard.api.metrics import Metrics
from nodeyard.app import alive, data_files, directory, doors, images, logs, planes, running, serving
from nodeyard.app.adopting import AdoptingCompute
from nodeyard.app.alive import Alive
from nodeyard.app.credentials import AccessKeys
from nodeyard.app.planes import Planes
from nodeyard.app.publishing import Releases
from nodeyard.app.readiness import Readiness
from nodeyard.app.rehearsing import Rehearsals
from nodeyard.app.stack_eks import StackEks
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.eks import EksClient
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.store.errors import StoreError
from nodeyard.drivers.system import RandomIds, ScaledClock, SeededIds
from nodeyard.engine.runner import Engine
from nodeyard.flows import reconcile
from nodeyard.flows.hands import Hands
from nodeyard.flows.hints import Hints
from nodeyard.model.cluster import Endpoint
from nodeyard.model.scope import Scope
from nodeyard.model.standstill import Standstill
from nodeyard.ports import Changes, Ids, Kubernetes, PortError
from nodeyard.settings import Ready, StartRefused, UpSettings
from nodeyard.world.aws.embedded import EmbeddedAws
from nodeyard.world.aws.zonal_shifts import Allows
from nodeyard.world.clusters import EmbeddedClusters
from nodeyard.world.errors import WorldDataError
from nodeyard.world.faults import Faults
from nodeyard.world.faults.clusters import FaultyClusters
from nodeyard.world.faults.compute import FaultyCompute
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.machines import Machines

if TYPE_CHECKING:
    from nodeyard.world.joined.cluster import JoinedKubernetes

OnReady = Callable[[Ready], None]
THREAD_TURN_S = 0.0005
"""How long a busy thread keeps the interpreter from a waiting one. The default of 5 ms is lost at every
row that the loop writes while moto works."""
LEASE_S = 30.0
"""Nobody else can take up what this process works on, and its next start takes every lease back at once.
So a lease only has to outlast a busy machine: shorter ones were lost while nodes booted, and the work of a
whole pass over a new group was dropped, again and again, for minutes."""


def run_up(settings: UpSettings, on_ready: OnReady) -> int:
    """Run until SIGINT or SIGTERM and return the exit code.

    Raises: StartRefused, before anything was changed.
    """
    logs.configure(settings.log_level, settings.log_format)
    sys.setswitchinterval(THREAD_TURN_S)
    data_files.read_fast()
    own = images.loaded(settings.images, catalog.default())
    with ExitStack() as sockets:
        main = sockets.enter_context(serving.bound(settings.host, settings.port, "--port"))
        placed = replace(settings, port=main.getsockname()[1])
        kube = None
        if settings.kubeconfig is None:
            kube = sockets.enter_context(serving.bound(settings.host, settings.kube_port, "--kube-port"))
            placed = replace(placed, kube_port=kube.getsockname()[1])

        async def life() -> int:
            async with AsyncExitStack() as stack:
                try:
                    service = await _start(placed, stack)
                except WorldDataError as error:
                    raise StartRefused(error.message) from error
                except OSError as error:
                    raise directory.refusal(placed.data_dir, error) from error
                parts = {
                    "the engine": service.engine.run(),
                    "the hints": service.hints.run(),
                    "the event stream": service.events.run(),
                    "a web server": serving.server(service.door).serve(sockets=[main]),
                }
                if own is not None:
                    parts["the images"] = own.run(service.aws.catalog_changed)
                kubernetes = service.planes.kubernetes
                if kube is not None and isinstance(kubernetes, EmbeddedKubernetes):
                    server = serving.server(kubernetes.asgi, kubernetes.certificate())
                    parts["the web server of the clusters"] = server.serve(sockets=[kube])
                ready = _ready(placed, service.planes.real)
                return await running.until_stopped(parts, lambda: on_ready(ready), service.engine.stop)

        return running.run(life())


@dataclass(frozen=True, slots=True)
class _Service:
    """What runs until the stop."""

    door: Asgi
    planes: Planes
    engine: Engine
    hints: Hints
    events: EventStream
    aws: EmbeddedAws


def _ready(settings: UpSettings, real: Endpoint | None = None) -> Ready:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    reachable = "127.0.0.1" if host == "0.0.0.0" else host
    clusters = real.url if real else f"https://{reachable}:{settings.kube_port}"
    return Ready(f"http://{reachable}:{settings.port}", clusters)


async def _start(settings: UpSettings, stack: AsyncExitStack) -> _Service:
    """Open the data, start the world and wire the service; `stack` stops all of it in reverse."""
    directory.look_through(settings.data_dir)
    clock = ScaledClock(settings.speed, goes_on_from=alive.reached(settings.data_dir, ScaledClock().wall()))
    ids: Ids = RandomIds() if settings.seed is None else SeededIds(settings.seed)
    store = await _opened_store(settings, stack)
    keys = AccessKeys(settings.access_keys, RandomIds())  # never of the seed, which can be guessed
    control_planes = await planes.found(settings, keys, clock, ids, stack)
    kubernetes = control_planes.kubernetes
    faults = Faults(clock, ids, settings.data_dir / "faults.json")
    aws = EmbeddedAws(
        clock=clock, ids=ids, data_dir=settings.data_dir / "aws", account=settings.account, faults=faults
    )
    machines = Machines(fleet=aws.fleet, clusters=kubernetes, clock=clock, ids=ids, faults=faults)
    aws.zonal_shifts.allows = _shifts_allowed(store)
    compute = _compute(settings, clock, keys, aws)
    stack.callback(compute.close)
    eks = EksClient(_reach(settings, keys), clock)
    stack.callback(eks.close)
    aws.serve_stacks(StackEks(eks))

    releases = Releases(settings.data_dir, catalog.default(), aws)
    releases.load()

    def connect(endpoint: Endpoint) -> Kubernetes:
        from nodeyard.app.counting import CountedKubernetes

        client = control_planes.client(endpoint)
        stack.push_async_callback(client.close)
        # Who may join a real cluster is for others to say.
        attached = control_planes.real is not None
        return CountedKubernetes(client, metrics.eviction_refused, attached=attached)

    clusters = EmbeddedClusters(kubernetes, compute, connect)
    hands = Hands(
        store,
        FaultyCompute(compute, faults),
        FaultyClusters(clusters, kubernetes, faults),
        clock,
        ids,
        catalog.default(),
        settings.quotas,
        rehearser=Rehearsals(clock),
        one_control_plane=control_planes.real is not None,
    )
    engine = Engine(store, clock, ids, reconcile.handler(hands), lease_s=LEASE_S)
    metrics = Metrics(store, clock, engine.failing)
    hints = Hints(hands, engine.wake)
    store.on_wake(engine.wake)
    store.on_record(hints.records_changed)
    aws.on_group_change(hints.group_changed)
    faults.on_change(hints.world_changed)
    await _take_up(settings, stack, hands, (faults, kubernetes, aws, machines))
    await _move_endpoints(hands, clusters)
    powers = Powers(engine.failing, releases, faults)
    ready = Readiness(store, engine)
    behind = doors.Behind(settings.account, keys, hands, powers, metrics, ready)
    door, events = await doors.opened(behind, store, aws.asgi)
    return _Service(door, control_planes, engine, hints, events, aws)


def _shifts_allowed(store: SqlStore) -> Allows:
    async def allowed(account: str, region: str, arn: str) -> bool:
        found = await store.cluster(Scope(account, region), arn.rpartition("/")[2])
        if found is None or found.arn != arn:
            return False
        return bool(found.setting("zonalShiftConfig").get("enabled"))

    return allowed


async def _opened_store(settings: UpSettings, stack: AsyncExitStack) -> SqlStore:
    store = SqlStore(settings.data_dir / directory.DATABASE)
    try:
        await store.open()
    except StoreError as error:
        raise StartRefused(str(error)) from error
    finally:
        stack.push_async_callback(store.close)
    return store


def _compute(settings: UpSettings, clock: ScaledClock, keys: AccessKeys, aws: EmbeddedAws) -> AwsCompute:
    reach = _reach(settings, keys)
    return AdoptingCompute(reach, clock, aws) if settings.adopt else AwsCompute(reach, clock)


def _reach(settings: UpSettings, keys: AccessKeys) -> AwsSettings:
    """Return how this service is reached by itself."""
    return AwsSettings(endpoint_url=_ready(settings).endpoint, credentials=keys.of_the_service)


async def _take_up(
    settings: UpSettings,
    stack: AsyncExitStack,
    hands: Hands,
    world: tuple[Faults, EmbeddedKubernetes | JoinedKubernetes, EmbeddedAws, Machines],
) -> None:
    """Start the world where it stood still: the time in which nothing ran counts against nobody."""
    signs = Alive(settings.data_dir, hands.clock)
    for part in world:
        stack.push_async_callback(part.stop)
    try:
        await world[2].load()  # slow, so it comes before the look at the clock
        stood = signs.standstill()
        for part in world:
            await part.start(stood)
    except (WorldDataError, PortError) as error:
        raise StartRefused(error.message) from error
    await _move_limits(hands, stood)
    signs.begin(stood)
    stack.push_async_callback(signs.stop)


async def _move_limits(hands: Hands, stood: Standstill) -> None:
    """Put every limit of groups and updates as far away as it was when the last process ended."""
    store = hands.store
    for cluster in await store.all_clusters():
        for group in await store.nodegroups(cluster.scope, cluster.name):
            if (resumed := group.resumed(stood)) != group:
                await store.commit(Changes(put=(resumed,)))
            if group.active_update is None:
                continue
            update = await store.update(group.scope, group.cluster, group.name, group.active_update)
            if update is not None and update.rollout is not None:
                moved = replace(update, rollout=update.rollout.resumed(stood))
                await store.commit(Changes(put=(moved,)))


async def _move_endpoints(hands: Hands, clusters: EmbeddedClusters) -> None:
    """Correct the addresses of clusters that were made when the service listened elsewhere."""
    for cluster in await hands.store.all_clusters():
        now = clusters.endpoint(cluster)
        if cluster.endpoint is not None and now is not None and now != cluster.endpoint:
            await hands.store.commit(Changes(put=(replace(cluster, endpoint=now),)))
