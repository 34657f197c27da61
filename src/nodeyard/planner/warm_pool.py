"""The warm pool that the Auto Scaling group of a node group is to have. Pure.

Source: EKS API reference, WarmPoolConfig.
"""

from __future__ import annotations

from nodeyard.model.nodegroup import Nodegroup
from nodeyard.ports import WarmPoolSettings

NO_CAP = -1
"""maxGroupPreparedCapacity without a ceiling."""
DEFAULT_STATE = "STOPPED"


def wanted(group: Nodegroup) -> WarmPoolSettings | None:
    """Return the pool of a settled group, None for one without."""
    pool = group.warm_pool
    if pool is None or not pool.enabled:
        return None
    cap = pool.max_group_prepared_capacity
    return WarmPoolSettings(
        minimum=pool.min_size or 0,
        ceiling=None if cap in (None, NO_CAP) else cap,
        state=(pool.pool_state or DEFAULT_STATE).capitalize(),
        reuse=bool(pool.reuse_on_scale_in),
    )
