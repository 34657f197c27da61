"""`nodeyard updates`: list, show, watch and cancel updates of node groups."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeyard.cli.printing import instant, print_json, print_list, span
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected
from nodeyard.cli.refusing import CallRefused

if TYPE_CHECKING:
    from nodeyard.cli.connection import Connection
    from nodeyard.cli.watching.screens import Screen

Obj = dict[str, Any]

app = typer.Typer(help="Updates: list, show, watch, cancel.", rich_markup_mode=None)

Cluster = Annotated[str, typer.Argument(metavar="CLUSTER", help="The cluster.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The update: see `nodeyard updates list`.")]


@app.command(name="list")
def list_updates(
    cluster: Annotated[
        str | None, typer.Argument(metavar="[CLUSTER]", help="Only those of this cluster.")
    ] = None,
    group: Annotated[
        str | None, typer.Argument(metavar="[GROUP]", help="Only those of this node group.")
    ] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """List updates, the newest first."""
    found = list(
        connected(endpoint, region).pages(
            "list_update_overviews", "updates", clusterName=cluster, nodegroupName=group
        )
    )
    columns = ("UPDATE", "CLUSTER", "GROUP", "TYPE", "STATUS", "PHASE", "NODES", "CREATED")
    print_list(found, columns, _row, json=json, none="No updates.")


def _row(update: Obj) -> tuple[str, ...]:
    nodes = f"{update['nodesDone']}/{update['nodesTotal']}" if "nodesTotal" in update else ""
    return (
        update["id"],
        update["clusterName"],
        update.get("nodegroupName", "-"),
        update["type"],
        update["status"],
        update.get("phase", ""),
        nodes,
        instant(update["createdAt"]),
    )


@app.command()
def show(
    cluster: Cluster, id: Id, endpoint: Endpoint = None, region: Region = None, json: AsJson = False
) -> None:
    """Show one update as it is now: phases, nodes, what holds it, time."""
    found = connected(endpoint, region).call("describe_update_progress", clusterName=cluster, updateId=id)
    if json:
        print_json(found["progress"])
        return
    from rich.console import Console

    from nodeyard.cli.watching.view import view

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    console.print(view(found["progress"], (), "", height=10_000))


@app.command()
def watch(
    cluster: Cluster,
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The node group.")],
    update: Annotated[
        str | None, typer.Option("--update", help="The update. [default: the newest]", show_default=False)
    ] = None,
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Follow an update until it ends: a live view on a terminal, lines elsewhere, JSON lines with --json.

    The exit code is 0 for Successful, 1 for Failed, 3 for Cancelled.
    """
    connection = connected(endpoint, region)
    chosen = _chosen(connection, cluster, group, update)
    from nodeyard.cli.watching.watch import Watch

    raise typer.Exit(Watch(connection, cluster, chosen, _screen(json)).run())


def _chosen(connection: Connection, cluster: str, group: str, id: str | None) -> Obj:
    """Return the update that is meant: the one named, or the group's newest."""
    found = connection.pages("list_update_overviews", "updates", clusterName=cluster, nodegroupName=group)
    for each in found:
        if id in (None, each["id"]):
            return each
    if id is not None:
        raise CallRefused(
            f"Node group {group} of {cluster} has no update {id}: "
            f"see `nodeyard updates list {cluster} {group}`."
        )
    raise CallRefused(
        f"Node group {group} of {cluster} has never been updated: start one with "
        f"`aws eks update-nodegroup-version --cluster-name {cluster} --nodegroup-name {group}`."
    )


def _screen(json: bool) -> Screen:
    from nodeyard.cli.watching import screens

    if json:
        return screens.JsonLines()
    return screens.Live() if sys.stdout.isatty() else screens.PlainLines()


@app.command()
def cancel(cluster: Cluster, id: Id, endpoint: Endpoint = None, region: Region = None) -> None:
    """Ask a running version update to stop: nodes that are done stay done."""
    connection = connected(endpoint, region)
    connection.call("cancel_update", service="eks", name=cluster, updateId=id)
    found = connection.call("describe_update_progress", clusterName=cluster, updateId=id)["progress"]
    elapsed = span(found["elapsedSeconds"])
    typer.echo(f"Cancellation of {id} was asked for after {elapsed}: it gives sizes and old nodes back now.")
