"""What a node reads at its first boot to find and join its cluster, per operating system. Pure.

Source: EKS User Guide, launch template support, user data; reference, user data.
"""

from __future__ import annotations

from nodeyard.planner.user_data import amazon_linux_2, amazon_linux_2023, bottlerocket, windows
from nodeyard.planner.user_data.join import Join, NotMimeError, cluster_dns

_FAMILIES = {
    "AL2": amazon_linux_2.render,
    "AL2023": amazon_linux_2023.render,
    "BOTTLEROCKET": bottlerocket.render,
    "WINDOWS": windows.render,
}


def render(family: str, join: Join, own: str) -> str:
    """Return the user data of a node: EKS's part merged with the caller's `own` (may be empty).

    A CUSTOM image gets the caller's user data alone: nothing is merged.
    Raises: NotMimeError when Amazon Linux user data is not in the MIME multipart format.
    """
    writer = _FAMILIES.get(family)
    return own if writer is None else writer(join, own)


__all__ = ["Join", "NotMimeError", "cluster_dns", "render"]
