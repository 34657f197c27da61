"""Warm pools put, described and deleted.

Source: EC2 Auto Scaling API reference, PutWarmPool, DescribeWarmPool, DeleteWarmPool; User Guide, limitations
of warm pools.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling import planning, views, warm_pools
from nodeyard.world.aws.auto_scaling.calls import Call, page
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid

_MEMBERS = ("MaxGroupPreparedCapacity", "MinSize", "PoolState", "InstanceReusePolicy")


def put(call: Call) -> dict[str, Any]:
    state = call.state()
    held = state.group.warm_pool or {}
    if held.get("Status"):
        raise Refused("ResourceInUse", "The warm pool is being deleted: wait until it is gone.")
    if planning.spot_count(state.group, 0, 1):
        invalid("You can't add a warm pool to an Auto Scaling group that launches Spot Instances.")
    pool = {**held, **{name: call.parameters[name] for name in _MEMBERS if name in call.parameters}}
    ceiling, least = pool.get("MaxGroupPreparedCapacity", warm_pools.NO_CEILING), pool.get("MinSize") or 0
    if ceiling != warm_pools.NO_CEILING and least > ceiling:
        invalid(f"MinSize {least} can't be greater than MaxGroupPreparedCapacity {ceiling}.")
    state.change(warm_pool={"MinSize": 0, "PoolState": warm_pools.DEFAULT_STATE, **pool}, retry_at=None)
    return call.done(state)


def describe(call: Call) -> dict[str, Any]:
    state = call.state()
    if state.group.warm_pool is None:
        return {"Instances": []}
    found = [views.instance(each) for each in state.members.values() if each.pooled]
    return {"WarmPoolConfiguration": state.group.warm_pool, **page(call, found, "Instances")}


def delete(call: Call) -> dict[str, Any]:
    state = call.state()
    if state.group.warm_pool is None:
        invalid(f"No warm pool found for AutoScalingGroup {state.group.name}")
    warm_pools.delete(call.engine, state, force=bool(call.parameters.get("ForceDelete")))
    return call.done(state)
