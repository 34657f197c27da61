"""Rehearsing an update on what a cluster is now: far too much work for an event loop, so it is a seam."""

from __future__ import annotations

from typing import Protocol

from nodeyard.model.rehearsal import Ask, Rehearsal
from nodeyard.ports.clusters import Kubernetes


class Rehearser(Protocol):
    """Plays version updates beside the service."""

    async def rehearse(self, kubernetes: Kubernetes, ask: Ask) -> Rehearsal:
        """Read the cluster, change nothing in it, and return what would become of the update.

        Raises: any PortError; Invalid where the group or the cluster cannot be rehearsed, Unavailable
        where it takes longer than a rehearsal may.
        """
        ...
