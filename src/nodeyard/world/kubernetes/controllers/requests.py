"""What a pod asks of a node: amounts, host ports, priority.

Pure. Called by the scheduler's picture of nodes and by its rules.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from nodeyard.world.kubernetes.quantities import quantity

Obj = dict[str, Any]
Amounts = dict[str, int]
Port = tuple[str, str, int]

LEAST_CPU, LEAST_MEMORY = 100, 200 * 2**20
"""What scoring counts for a container that asks for none. Source: Kubernetes, scheduler/util, non_zero.go."""


@lru_cache(maxsize=8192)
def amount(resource: str, value: str | int | float) -> int:
    """Return a quantity as a whole number: thousandths for cpu, units for all else."""
    exact = quantity(value)
    return math.ceil(exact * 1000) if resource == "cpu" else math.ceil(exact)


def _of(container: Obj) -> Amounts:
    asked = (container.get("resources") or {}).get("requests") or {}
    return {name: amount(name, value) for name, value in asked.items()}


def _add(total: Amounts, more: Amounts) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def requests_of(pod: Obj) -> Amounts:
    """Return what a pod asks of its node, itself counted as one of `pods`.

    Bounds: containers and restartable init containers run together; each other init container runs with the
    restartable ones before it only. Requests of the whole pod stand for those of its containers.
    Source: Kubernetes, component-helpers/resource, PodRequests.
    """
    spec = pod["spec"]
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _of(container))
    if spec.get("initContainers"):
        beside: Amounts = {}
        peak: Amounts = {}
        for container in spec["initContainers"]:
            wanted = _of(container)
            _add(wanted, beside)
            if container.get("restartPolicy") == "Always":
                beside = wanted
            for name, value in wanted.items():
                peak[name] = max(peak.get(name, 0), value)
        _add(total, beside)
        for name, value in peak.items():
            total[name] = max(total.get(name, 0), value)
    if (spec.get("resources") or {}).get("requests"):
        total |= _of(spec)
    for name, value in (spec.get("overhead") or {}).items():
        total[name] = total.get(name, 0) + amount(name, value)
    total["pods"] = 1
    return {name: value for name, value in total.items() if value}


def floor_of(pod: Obj) -> tuple[int, int]:
    """Return cpu and memory as scoring counts them: a container that asks for none takes a little."""
    cpu = memory = 0
    for container in pod["spec"].get("containers") or ():
        wanted = _of(container)
        cpu += wanted.get("cpu", LEAST_CPU)
        memory += wanted.get("memory", LEAST_MEMORY)
    return cpu, memory


def ports_of(pod: Obj) -> set[Port]:
    """Return the host ports of a pod as (address, protocol, port), those of sidecars as well."""
    found = set()
    spec = pod["spec"]
    shared = spec.get("hostNetwork")
    beside = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or ()), *beside]:
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port.get("containerPort") if shared else 0)
            if number:
                found.add((port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), int(number)))
    return found


def priority_of(pod: Obj) -> int:
    """Return the priority of a pod."""
    return int(pod["spec"].get("priority") or 0)
