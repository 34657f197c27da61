"""How good each node that takes a pod is.

Pure. Called by the decider for the nodes it found. The plugins and weights are those of the Kubernetes
scheduler's default profile; each is brought to 0..100 over the candidates before it is weighed.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.fit import node_affinity, preference, tolerates
from nodeyard.world.kubernetes.controllers.node_index import NodeInfo
from nodeyard.world.kubernetes.controllers.placement import Placement
from nodeyard.world.kubernetes.controllers.requests import floor_of

Obj = dict[str, Any]

_TAINTS, _AFFINITY, _NEIGHBOURS, _SPREAD = 3, 2, 2, 2


def best(pod: Obj, candidates: list[NodeInfo], placement: Placement) -> NodeInfo:
    """Return the node with the highest score, the first of equals."""
    if len(candidates) == 1:
        return candidates[0]
    spec = pod["spec"]
    cpu, memory = floor_of(pod)
    totals = _rooms(candidates, cpu, memory)
    if any(info.soft_taints for info in candidates):
        counts = [_resented(spec, info) for info in candidates]
        _weigh(totals, counts, -_TAINTS, 0.0)
    if node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution"):
        likes = [float(preference(spec, info.node)) for info in candidates]
        _weigh(totals, likes, _AFFINITY, 0.0)
    if placement.scores_neighbours:
        likes = [placement.neighbours(info) for info in candidates]
        _weigh(totals, likes, _NEIGHBOURS, min(likes))
    if placement.scores_spread:
        _spread(totals, placement.crowding(candidates))
    top = max(range(len(candidates)), key=totals.__getitem__)
    return candidates[top]


def _rooms(candidates: list[NodeInfo], cpu: int, memory: int) -> list[float]:
    """Return for each node the sum of the plugins that like free and evenly used nodes."""
    totals = []
    for info in candidates:
        size = info.allocatable
        cpu_size, memory_size = size.get("cpu", 0), size.get("memory", 0)
        cpu_part = (info.floor_cpu + cpu) / cpu_size if cpu_size else 1.0
        memory_part = (info.floor_memory + memory) / memory_size if memory_size else 1.0
        cpu_part = cpu_part if cpu_part < 1.0 else 1.0
        memory_part = memory_part if memory_part < 1.0 else 1.0
        # Half of what is free, and all of what is even: 50 (1-c) + 50 (1-m) + 100 (1 - |c-m| / 2).
        totals.append(200.0 - 50.0 * (cpu_part + memory_part + abs(cpu_part - memory_part)))
    return totals


def _resented(spec: Obj, info: NodeInfo) -> float:
    tolerations = spec.get("tolerations") or ()
    return float(sum(not any(tolerates(each, taint) for each in tolerations) for taint in info.soft_taints))


def _weigh(totals: list[float], values: list[float], weight: int, least: float) -> None:
    """Add values to totals, brought to 0..100 between `least` and the largest, times a weight."""
    span = max(values) - least
    if not span:
        return
    for place, value in enumerate(values):
        totals[place] += weight * 100.0 * (value - least) / span


def _spread(totals: list[float], crowds: list[float | None]) -> None:
    known = [each for each in crowds if each is not None]
    if not known:
        return
    low, high = min(known), max(known)
    for place, each in enumerate(crowds):
        if each is not None:
            totals[place] += _SPREAD * 100.0 * ((high + low - each) / high if high else 1.0)
