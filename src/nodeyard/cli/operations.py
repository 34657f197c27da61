"""`nodeyard operations`: what keeps failing on a bug of the service, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nodeyard.cli.printing import instant, print_list
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

app = typer.Typer(help="Operations that keep failing on a bug.", rich_markup_mode=None)

Key = Annotated[str, typer.Argument(metavar="KEY", help="As `nodeyard operations list` prints it.")]


@app.command(name="list")
def list_operations(endpoint: Endpoint = None, region: Region = None, json: AsJson = False) -> None:
    """List operations that fail by a bug or by what no waiting mends, those that are parked among them."""
    found = connected(endpoint, region).call("list_failed_operations")["failedOperations"]
    print_list(found, ("KEY", "STATE", "SINCE", "LAST ERROR"), _row, json=json, none="No operation fails.")


def _row(operation: dict[str, Any]) -> tuple[str, ...]:
    return (
        operation["key"],
        "parked" if operation["parked"] else "tried again",
        instant(operation["since"]) if "since" in operation else "-",
        operation["error"],
    )


@app.command()
def retry(key: Key, endpoint: Endpoint = None, region: Region = None) -> None:
    """Take a parked operation up again at once."""
    connected(endpoint, region).call("retry_failed_operation", key=key)
    typer.echo(f"{key} is tried again.")


@app.command()
def abandon(key: Key, endpoint: Endpoint = None, region: Region = None) -> None:
    """End a parked operation as failed; what it made so far stays."""
    connected(endpoint, region).call("abandon_failed_operation", key=key)
    typer.echo(f"{key} is given up.")
