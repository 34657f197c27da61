"""The engine's one handler: which flow a key belongs to is in the key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nodeyard.engine.runner import Next, Work
from nodeyard.flows import cluster, keys, nodegroup, rehearsal
from nodeyard.flows.hands import Hands

_BY_KIND = {
    "cluster": cluster.reconcile,
    "nodegroup": nodegroup.reconcile,
    "insights": rehearsal.refresh_insights,
    "rehearsal": rehearsal.before_update,
}


def handler(hands: Hands) -> Callable[[Work], Awaitable[Next]]:
    """Return the handler to give to the engine."""

    async def run(work: Work) -> Next:
        kind, _, _ = keys.parse(work.key)
        return await _BY_KIND[kind](work, hands)

    return run
