"""`nodeyard events`: what happened, and with --follow what happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeyard.cli.printing import instant, one_line, print_json
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected
from nodeyard.cli.refusing import Unreachable

if TYPE_CHECKING:
    from nodeyard.cli.connection import Connection

AGAIN_S = 1.0
PAGE = 1000


def events(
    cluster: Annotated[str | None, typer.Option("--cluster", help="Only of this cluster.")] = None,
    nodegroup: Annotated[str | None, typer.Option("--nodegroup", help="Only of this node group.")] = None,
    update: Annotated[str | None, typer.Option("--update", help="Only of this update.")] = None,
    after: Annotated[int, typer.Option("--after", help="Only those after this sequence number.", min=0)] = 0,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens.")] = False,
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Print the event log, oldest first; with --follow until Ctrl-C, also across restarts of the service."""
    connection = connected(endpoint, region)
    members: dict[str, Any] = {"clusterName": cluster, "nodegroupName": nodegroup, "updateId": update}
    last = after
    while page := connection.call("list_events", after=last, maxResults=PAGE, **members)["events"]:
        for event in page:
            _show(event, json)
        last = page[-1]["sequence"]
    if follow:
        filters = {"cluster": cluster, "nodegroup": nodegroup, "update": update}
        for event in _followed(connection, last, filters):
            _show(event, json)


def _followed(connection: Connection, last: int, filters: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """Yield events for ever; a service that does not answer is asked again."""
    while True:
        try:
            for event in connection.events(last, **filters):
                if event is not None:
                    last = event["sequence"]
                    yield event
        except Unreachable as error:
            typer.echo(f"nodeyard: {error.message} Trying again.", err=True)
            threading.Event().wait(AGAIN_S)


def _show(event: dict[str, Any], json: bool) -> None:
    if json:
        print_json(event)
        return
    place = "/".join(event[name] for name in ("clusterName", "nodegroupName") if name in event) or "-"
    said = one_line(f"{place}  {event['kind']}: {event['message']}")
    typer.echo(f"{event['sequence']:>6}  {instant(event['at'])}  {said}")
