"""Everything a flow may use, in one value that the composition root fills."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodeyard.catalog import Catalog
from nodeyard.model.limits import Quotas
from nodeyard.ports import Clock, Clusters, Compute, Ids, Store


@dataclass(frozen=True, slots=True)
class Hands:
    store: Store
    compute: Compute
    clusters: Clusters
    clock: Clock
    ids: Ids
    catalog: Catalog
    quotas: Quotas = field(default_factory=Quotas)
