"""Kubernetes workloads as objects to put into a simulated cluster."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]


def deployment(
    name: str,
    replicas: int,
    *,
    cpu: str = "100m",
    grace_s: int = 30,
    annotations: dict[str, str] | None = None,
    **pod_spec: Any,
) -> Obj:
    """Return a Deployment of one container, its pods labelled `app=<name>`.

    `annotations` go on the pods; those of the simulated kubelet set how long a pod takes to start and stop.
    """
    labels = {"app": name}
    container = {"name": name, "image": f"{name}:1", "resources": {"requests": {"cpu": cpu}}}
    spec = {"containers": [container], "terminationGracePeriodSeconds": grace_s, **pod_spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": annotations or {}}, "spec": spec},
        },
    }


def budget(
    name: str,
    app: str | None = None,
    *,
    min_available: int | str | None = None,
    max_unavailable: int | str | None = None,
) -> Obj:
    """Return a PodDisruptionBudget over the pods of one app, the budget's own name unless given."""
    spec: Obj = {"selector": {"matchLabels": {"app": app or name}}}
    if min_available is not None:
        spec["minAvailable"] = min_available
    if max_unavailable is not None:
        spec["maxUnavailable"] = max_unavailable
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": spec,
    }
