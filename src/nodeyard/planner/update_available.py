"""Whether a node group has an update to take: what the AWS console shows as *Update now*. Pure.

No EKS operation tells it. Source: reference, cluster page of the console: the release differs from
the newest of the group's own minor, or the minor is below the cluster's; never for custom images.
"""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.catalog import Catalog, Release
from nodeyard.model.nodegroup import Nodegroup


@dataclass(frozen=True, slots=True)
class Available:
    """`latest` is the newest release the group could take: of the cluster's minor where there is one."""

    update: bool
    because: str
    latest: Release | None = None


def look(group: Nodegroup, cluster_version: str, catalog: Catalog) -> Available:
    """Return whether the group has an update to take, and why or why not. Raises: nothing."""
    if group.ami_type == "CUSTOM":
        return Available(False, "the group has a custom image: its launch template says which")
    own = catalog.latest_release(group.ami_type, group.version)
    if _number(group.version) < _number(cluster_version):
        newer = catalog.latest_release(group.ami_type, cluster_version)
        if newer is not None:
            because = f"the cluster runs {cluster_version} and the group {group.version}"
            return Available(True, because, newer)
    if own is None:
        return Available(False, f"the catalog has no release of {group.ami_type} for {group.version}")
    if own.release_version != group.release_version:
        because = f"release {own.release_version} is newer than {group.release_version}"
        return Available(True, because, own)
    return Available(False, f"{own.release_version} is the newest release for {group.version}", own)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
