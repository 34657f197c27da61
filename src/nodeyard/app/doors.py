"""The doors of a service, put together: EKS, our own operations, events, probes, figures."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.api import asgi, service_model
from nodeyard.api.asgi import Asgi
from nodeyard.api.authentication import Callers
from nodeyard.api.console import PREFIX, Console
from nodeyard.api.event_stream import EventStream
from nodeyard.api.extension import LONG, Extension, Powers
from nodeyard.api.gate import Gate
from nodeyard.api.handlers import Eks
from nodeyard.api.metrics import Metrics
from nodeyard.api.operations import Served
from nodeyard.app.credentials import AccessKeys
from nodeyard.app.readiness import Readiness
from nodeyard.drivers.store import SqlStore
from nodeyard.flows.hands import Hands


@dataclass(frozen=True, slots=True)
class Behind:
    """What the doors lead to."""

    account: str
    keys: AccessKeys
    hands: Hands
    powers: Powers
    metrics: Metrics
    ready: Readiness
    callers: Callers | None = None
    """Who may call beside the `keys`, or instead of them."""
    regions: frozenset[str] = frozenset()


async def opened(
    behind: Behind, store: SqlStore, other_services: Asgi | None = None
) -> tuple[Asgi, EventStream]:
    """Return the application that answers on the main port, and the event stream to keep running."""
    hands = behind.hands
    events = EventStream(store, hands.clock)
    await events.start()
    store.on_events(events.committed)
    events.on_event(behind.metrics.event)
    extension = Extension(hands, behind.powers)
    door = asgi.Door(
        model=service_model.eks(),
        handlers=Eks(hands).handlers(),
        clock=hands.clock,
        ids=hands.ids,
        account=behind.account,
        access_keys=behind.keys,
        other_services=other_services,
        extensions={PREFIX: Console()},
        extension=Served("Nodeyard", service_model.extension(), extension.handlers(), LONG),
        events=events,
        ready=behind.ready.why_not,
        metrics=behind.metrics,
        callers=behind.callers,
        regions=behind.regions,
        gate=Gate(store, store, hands.clock),
    )
    return asgi.build(door), events
