"""`nodeyard groups`: node groups at a glance, with the update that each could take."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nodeyard.cli.printing import print_list
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

app = typer.Typer(help="Node groups at a glance.", rich_markup_mode=None)


@app.callback()
def _groups() -> None:
    """Node groups at a glance."""


@app.command(name="list")
def list_groups(
    cluster: Annotated[
        str | None, typer.Argument(metavar="[CLUSTER]", help="Only the groups of this cluster.")
    ] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """List node groups with versions, the available update, health and nodes."""
    found = list(
        connected(endpoint, region).pages("list_nodegroup_overviews", "nodegroups", clusterName=cluster)
    )
    columns = ("CLUSTER", "GROUP", "STATUS", "NODES", "RELEASE", "UPDATE AVAILABLE", "HEALTH")
    print_list(found, columns, _row, json=json, none="No node groups.")


def _row(group: dict[str, Any]) -> tuple[str, ...]:
    ready = group.get("nodesReady")
    return (
        group["clusterName"],
        group["nodegroupName"],
        group["status"],
        f"{'?' if ready is None else ready}/{group['nodesDesired']}",
        group["releaseVersion"],
        f"yes: {group['latestReleaseVersion']}" if group["updateAvailable"] else "no",
        ", ".join(group["issueCodes"]) or "ok",
    )
