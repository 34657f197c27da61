"""Everything a flow may use, in one value that the composition root fills."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nodeyard.catalog import Catalog
from nodeyard.model.limits import DRAIN_LIMIT_S, Quotas
from nodeyard.planner.rollout.policy import Dice
from nodeyard.ports import Clock, Clusters, Compute, Ids, Rehearser, ReleaseSource, Store


@dataclass(frozen=True, slots=True)
class Hands:
    store: Store
    compute: Compute
    clusters: Clusters
    clock: Clock
    ids: Ids
    catalog: Catalog
    quotas: Quotas = field(default_factory=Quotas)
    drain_limit_s: float = DRAIN_LIMIT_S
    """How long a version update tries to drain a node; a rehearsal may try another limit than EKS has."""
    health_due: dict[str, datetime] = field(default_factory=dict)
    """Reconcile key -> when the account is asked again about a group's health; lost with the process."""
    told: bool = False
    """Every change of the world is told for certain, as in a simulation: looks without a cause are seldom."""
    dice: Dice | None = None
    """Of the update that this one rehearses; None: every update throws its own."""
    one_control_plane: bool = False
    """Whether all that there is is one real control plane, which the first cluster gets."""
    rehearser: Rehearser | None = None
    """None: nothing is rehearsed before an update, and no insights are made."""
    releases: ReleaseSource | None = None
    """None: the catalog knows every release by itself."""
