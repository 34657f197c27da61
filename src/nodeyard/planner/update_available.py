"""Whether a node group has an update to take: what the AWS console shows as *Update now*. Pure.

No EKS operation tells it. Source: reference, cluster page of the console: the release differs from
the newest of the group's own minor, or the minor is below the cluster's; never for custom images, but for
those that the user listed as releases of their own.
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
    region = group.scope.region
    line = catalog.line(group.ami_type, group.image_id, region)
    if line == "CUSTOM":
        return Available(False, "the group has a custom image: its launch template says which")
    own = catalog.latest_release(line, group.version, region)
    if _number(group.version) < _number(cluster_version):
        newer = catalog.latest_release(line, cluster_version, region)
        if newer is not None:
            because = f"the cluster runs {cluster_version} and the group {group.version}"
            return Available(True, because, newer)
    if own is None:
        return Available(False, f"the catalog has no release of {line} for {group.version}")
    running = group.release_version
    if group.ami_type == "CUSTOM" and (found := catalog.release_of_image(region, group.image_id)) is not None:
        running = found.release_version  # the group may be older than the list
    if own.release_version != running:
        because = f"release {own.release_version} is newer than {running}"
        return Available(True, because, own)
    return Available(False, f"{own.release_version} is the newest release for {group.version}", own)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
