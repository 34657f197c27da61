"""Sizes: fill what the caller left out, then judge how they relate.

Source: reference, scaling; the defaults 1, 2, 2 are those the article's create call shows.
"""

from __future__ import annotations

from nodeyard.model.commands import ScalingChange
from nodeyard.model.nodegroup import Scaling

DEFAULT = Scaling(minimum=1, maximum=2, desired=2)


def for_creation(asked: ScalingChange | None) -> Scaling:
    """Return the sizes of a new group; parts that are missing follow the parts that are there."""
    if asked is None:
        return DEFAULT
    known = [size for size in (asked.desired, asked.minimum) if size is not None]
    maximum = asked.maximum if asked.maximum is not None else max(DEFAULT.maximum, *known, 1)
    minimum = (
        asked.minimum if asked.minimum is not None else min(DEFAULT.minimum, asked.desired or 0, maximum)
    )
    desired = asked.desired if asked.desired is not None else max(minimum, min(DEFAULT.desired, maximum))
    return Scaling(minimum, maximum, desired)


def for_update(asked: ScalingChange | None, current: Scaling) -> Scaling:
    """Return the sizes after an update; parts that are missing keep their value."""
    if asked is None:
        return current
    return Scaling(
        current.minimum if asked.minimum is None else asked.minimum,
        current.maximum if asked.maximum is None else asked.maximum,
        current.desired if asked.desired is None else asked.desired,
    )


def creation_fault(sizes: Scaling, nodes_max: int) -> str | None:
    """Return what is wrong with the sizes of a new group."""
    if sizes.minimum > sizes.desired:
        return "minSize can't be greater than desiredSize"
    return _above(sizes, nodes_max)


def update_fault(sizes: Scaling, nodes_max: int) -> str | None:
    """Return what is wrong with the sizes of an updated group."""
    if sizes.minimum > sizes.desired:
        return f"Minimum capacity {sizes.minimum} can't be greater than desired size {sizes.desired}"
    return _above(sizes, nodes_max)


def _above(sizes: Scaling, nodes_max: int) -> str | None:
    if sizes.desired > sizes.maximum:
        return f"desired capacity {sizes.desired} can't be greater than max size {sizes.maximum}"
    if sizes.maximum > nodes_max:
        return (
            f"max size {sizes.maximum} can't be greater than {nodes_max}, the quota of nodes per node group"
        )
    return None
