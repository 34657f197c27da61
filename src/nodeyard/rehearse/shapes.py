"""What the machines of a rehearsal are like: those of the snapshot first, then new ones after their example.

Given by the stage to its world as the habits of its machines.
"""

from __future__ import annotations

import random
from typing import Any

from nodeyard.planner.rollout.actions import LABEL_NO_LOAD_BALANCER, TAINT
from nodeyard.rehearse.group import ZONE, Group, labels_of, name_of, zone_of
from nodeyard.rehearse.learned import Times
from nodeyard.world.aws.fleet import Machine

Obj = dict[str, Any]

LABEL = "eks.amazonaws.com/nodegroup"
FILLING_S = 1.0
"""Boot of the machines that become the nodes of the snapshot."""
ALIKE = 0.1
"""How far launches of one group are from each other, as a share."""
_OWN = (LABEL, "eks.amazonaws.com/nodegroup-image", "kubernetes.io/hostname")
"""Labels that the service and its machines give; those of the snapshot do not replace them."""
_NOT_COMMON = (*_OWN, LABEL_NO_LOAD_BALANCER)
"""An update that just failed is about to take this label off its nodes, as it does with its taint."""
_OWN_PREFIX = "eks.amazonaws.com/sourceLaunchTemplate"
_SYSTEM_TAINT = "node.kubernetes.io/"


class Shapes:
    """The habits of the group's machines. First they become the nodes of the snapshot, later new ones."""

    def __init__(self, group: Group, times: Times, seed: int) -> None:
        self.names: dict[str, str] = {}
        """Name of a simulated node -> its name in the snapshot."""
        self._group = group
        self._joins = times.joins
        self._chance = random.Random(f"{seed} boots")
        # How long launches take is not known, but it is about the same for all of a group.
        self._launches = times.launches
        self._launch_s = self._chance.uniform(times.launches.least, times.launches.most)
        self.own_s = 0.0
        """What the world itself takes from the launch of an instance to a Ready node, beside its boot."""
        self.instances: dict[str, str] = {}
        """Simulated instance -> the instance of the node that it stands for."""
        self._waiting = {zone: [n for n in group.nodes if zone_of(n) == zone] for zone in group.zones}
        self._common = _common_labels(group)
        self.filled = False

    def boot_s(self, machine: Machine) -> float:
        if not self.filled:
            return FILLING_S
        launch = self._launch_s * self._chance.uniform(1 - ALIKE, 1 + ALIKE)
        if self._launches.seen > 1:
            launch = self._chance.uniform(self._launches.least, self._launches.most)
        joined = self._chance.uniform(self._joins.least, self._joins.most)
        # What was observed holds all of the way, the world's own part too: it is not waited for twice.
        return max(0.0, launch + joined - self.own_s)

    def node(self, machine: Machine, usual: Obj) -> Obj:
        waiting = self._waiting.get(machine.zone) or []
        if waiting and not self.filled:
            given = waiting.pop(0)
            self.names[usual["metadata"]["name"]] = name_of(given)
            provider = str((given.get("spec") or {}).get("providerID") or "")
            self.instances[machine.id] = provider.rpartition("/")[2]
            labels = dict(labels_of(given))
            # What selects nodes by host name knows the name that the node has in the snapshot.
            host = {"kubernetes.io/hostname": labels.get("kubernetes.io/hostname", name_of(given))}
            return _shaped(usual, given, labels, host)
        given = next((n for n in self._group.nodes if zone_of(n) == machine.zone), self._group.nodes[0])
        self.names[usual["metadata"]["name"]] = f"new-node-{len(self.names) - len(self._group.nodes) + 1}"
        zones = {key: machine.zone for key in self._common if key == ZONE or key.endswith("/zone")}
        return _shaped(usual, given | {"spec": {}}, self._common | zones, {}, _common_taints(self._group))


def _shaped(usual: Obj, given: Obj, labels: dict[str, str], over: dict[str, str], taints: Any = None) -> Obj:
    own = {k: v for k, v in labels_of(usual).items() if k in _OWN or k.startswith(_OWN_PREFIX)}
    if taints is None:
        taints = _lasting(given)
    kept = [each for each in usual["spec"]["taints"] if each["key"].startswith(_SYSTEM_TAINT)]
    spec = {**usual["spec"], "taints": [*taints, *kept]}
    sizes = {key: given["status"][key] for key in ("capacity", "allocatable") if given["status"].get(key)}
    return {
        **usual,
        "metadata": {**usual["metadata"], "labels": {**labels_of(usual), **labels, **own, **over}},
        "spec": spec,
        "status": {**usual["status"], **sizes},
    }


def _lasting(node: Obj) -> list[Obj]:
    taints = (node.get("spec") or {}).get("taints") or ()
    return [each for each in taints if not each["key"].startswith(_SYSTEM_TAINT) and each["key"] != TAINT[0]]


def _common_labels(group: Group) -> dict[str, str]:
    first = labels_of(group.nodes[0])
    same = {
        key: value for key, value in first.items() if all(labels_of(n).get(key) == value for n in group.nodes)
    }
    zones = {key: value for key, value in first.items() if key == ZONE or key.endswith("/zone")}
    return {key: value for key, value in {**zones, **same}.items() if key not in _NOT_COMMON}


def _common_taints(group: Group) -> list[Obj]:
    listed = [_lasting(node) for node in group.nodes]
    return [each for each in listed[0] if all(each in others for others in listed)]
