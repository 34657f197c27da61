"""What a node reads at its first boot to find and join its cluster, per operating system. Pure.

Source: EKS User Guide, launch template support, user data; reference, user data.
"""

from __future__ import annotations

from nodeyard.planner.user_data import amazon_linux_2, amazon_linux_2023, bottlerocket, own, windows
from nodeyard.planner.user_data.join import Join, NotMimeError, UserDataError, cluster_dns

_FAMILIES = {
    "AL2": amazon_linux_2.render,
    "AL2023": amazon_linux_2023.render,
    "BOTTLEROCKET": bottlerocket.render,
    "WINDOWS": windows.render,
}


def render(family: str, join: Join, given: str) -> str:
    """Return the user data of a node: EKS's part merged with the caller's (may be empty).

    A CUSTOM image gets the caller's user data alone, with its placeholders filled in.
    Raises: UserDataError: Amazon Linux user data that is not in the MIME multipart format, or a
    placeholder that stands for nothing.
    """
    return _FAMILIES.get(family, own.render)(join, given)


__all__ = ["Join", "NotMimeError", "UserDataError", "cluster_dns", "render"]
