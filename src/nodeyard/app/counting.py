"""The Kubernetes API of a cluster, with every eviction that it refuses counted."""

from __future__ import annotations

from collections.abc import Callable

from nodeyard.drivers.kubernetes import Client, KubernetesApi
from nodeyard.ports import Blocked, Evicted


class CountedKubernetes(KubernetesApi):
    """See `ports.Kubernetes`."""

    def __init__(self, client: Client, refused: Callable[[], None], *, attached: bool = False) -> None:
        super().__init__(client, attached=attached)
        self._refused = refused

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked:
        """See `ports.Kubernetes.evict`."""
        answer = await super().evict(namespace, name, uid)
        if isinstance(answer, Blocked):
            self._refused()
        return answer
