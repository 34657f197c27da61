"""Warm pools: what a request makes of the pool a group has, and whether the group may have it.

Source: EKS User Guide, warm pools with managed node groups; reference, newest structures; for Spot: Auto
Scaling User Guide, limitations of warm pools.
"""

from __future__ import annotations

from nodeyard.model.commands import WarmPoolChange
from nodeyard.model.nodegroup import WarmPool
from nodeyard.planner.warm_pool import NO_CAP


def after(asked: WarmPoolChange | None, current: WarmPool | None) -> WarmPool | None:
    """Return the pool of a group: what is left out keeps its value, `enabled` false removes it."""
    if asked is None:
        return current
    if asked.enabled is False:
        return None
    before = current or WarmPool()
    return WarmPool(
        enabled=True,
        min_size=before.min_size if asked.min_size is None else asked.min_size,
        max_group_prepared_capacity=before.max_group_prepared_capacity
        if asked.max_group_prepared_capacity is None
        else asked.max_group_prepared_capacity,
        pool_state=asked.pool_state or before.pool_state,
        reuse_on_scale_in=before.reuse_on_scale_in
        if asked.reuse_on_scale_in is None
        else asked.reuse_on_scale_in,
    )


def fault(pool: WarmPool | None, ami_type: str, capacity_type: str) -> str | None:
    """Judge the pool of a group with images and capacity of these types."""
    if pool is None:
        return None
    if capacity_type == "SPOT":
        return "A warm pool holds On-Demand instances: a node group with capacityType SPOT cannot have one"
    if ami_type == "CUSTOM":
        return "A warm pool needs an Amazon EKS optimized AMI: a node group with a custom AMI cannot have one"
    cap = pool.max_group_prepared_capacity
    if cap is not None and cap < NO_CAP:
        return f"maxGroupPreparedCapacity must be {NO_CAP} (no cap) or more, not {cap}"
    if cap is not None and cap != NO_CAP and (pool.min_size or 0) > cap:
        return f"The warm pool's minSize {pool.min_size} can't be greater than maxGroupPreparedCapacity {cap}"
    if ami_type.startswith("BOTTLEROCKET") and pool.pool_state == "HIBERNATED":
        return "Bottlerocket instances cannot hibernate: set poolState to STOPPED or RUNNING"
    if ami_type.startswith("BOTTLEROCKET") and pool.reuse_on_scale_in:
        return "Bottlerocket instances cannot return to the warm pool: leave reuseOnScaleIn out"
    return None
