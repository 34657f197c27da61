"""The kubelets of machines that joined a real cluster: the same as of embedded ones, with any network at all.

In an embedded cluster nodes wait for the network plugin that it installs. Which plugin a real cluster has, or
none, is not known: simulated pods need no network, so nodes are ready without.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.kubelet import Kubelet
from nodeyard.world.kubernetes.controllers.node_status import NodeStatus
from nodeyard.world.kubernetes.store import Store


def _always(store: Store, node: dict[str, Any]) -> bool:
    return True


class JoinedKubelet(Kubelet):
    has_network = staticmethod(_always)


class JoinedNodeStatus(NodeStatus):
    has_network = staticmethod(_always)


KUBELETS: tuple[type[Controller], ...] = (JoinedKubelet, JoinedNodeStatus)
