"""Reach a cluster by a kubeconfig: who one is there, and whether that is enough for node groups."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from nodeyard.drivers.kubernetes import exec_plugin
from nodeyard.drivers.kubernetes.client import Client
from nodeyard.drivers.kubernetes.cluster import KubernetesApi
from nodeyard.drivers.kubernetes.identities import Identity
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import Clock, Denied, Invalid
from nodeyard.translation import cluster_rights, kubeconfig
from nodeyard.translation.cluster_rights import Right
from nodeyard.translation.kubeconfig import KubeconfigRefused, Way

LOOK_AGAIN_S = 60.0
"""How long credentials are used before the stored ones are looked at again: others may have replaced them."""
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def way(text: str, context: str | None) -> Way:
    """Return where a kubeconfig leads. Raises: Invalid."""
    try:
        return kubeconfig.parse(text, context)
    except KubeconfigRefused as refused:
        raise Invalid(f"The cluster cannot be attached: {refused}.") from refused


def minimal(text: str, context: str | None) -> str:
    """Return what is to be kept of a kubeconfig that `way` took: one context."""
    return kubeconfig.minimal(text, context)


def endpoint(found: Way) -> Endpoint:
    return Endpoint(found.server, found.ca_data)


async def identity(found: Way, clock: Clock, allowed: Sequence[str]) -> Identity:
    """Return who one is. `allowed`: command lines of exec plugins. Raises: Denied, Unavailable."""
    if found.plugin is not None:
        exec_plugin.judge(found.plugin, allowed)
        return replace(await exec_plugin.run(found.plugin, clock), server_name=found.server_name)
    pair = (found.certificate, found.key) if found.certificate and found.key else None
    until = clock.now() + timedelta(seconds=LOOK_AGAIN_S)
    return Identity(until, found.token, pair, found.server_name)


@dataclass(frozen=True, slots=True)
class Looked:
    """A cluster that let one in and allows all that is needed. `version` is its Kubernetes minor."""

    version: str


async def look(found: Way, clock: Clock, allowed: Sequence[str]) -> Looked:
    """Reach the cluster and see that node groups can work there. Raises: Invalid, Denied, Unavailable."""
    first = await identity(found, clock, allowed)

    async def same() -> Identity:
        return first

    client = Client(endpoint(found), same, clock)
    try:
        version = await KubernetesApi(client).version()
        missing = await lacking(client, cluster_rights.needed())
    finally:
        await client.close()
    if missing:
        raise Denied(
            f"At {found.server} it is not allowed to {', '.join(missing)}: `nodeyard cluster rbac` prints "
            "the manifest that allows all that is needed; apply it and give the credentials of its account."
        )
    return Looked(version)


async def lacking(client: Client, wanted: Sequence[Right]) -> list[str]:
    """Return those rights that one does not have, in words. Raises: PortError."""

    async def lacks(right: Right) -> bool:
        answer = await client.call("POST", _REVIEWS, body=cluster_rights.review(right))
        return not (answer.get("status") or {}).get("allowed")

    found = await asyncio.gather(*(lacks(each) for each in wanted))
    return [right.words for right, missing in zip(wanted, found, strict=True) if missing]
