"""`nodeyard operations`: what keeps failing on a bug of the service, and what a person decides about it."""

from __future__ import annotations

from typing import Annotated

import typer

from nodeyard.cli.printing import instant, print_json, print_table
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

app = typer.Typer(help="Operations that keep failing on a bug.", rich_markup_mode=None)

Key = Annotated[str, typer.Argument(metavar="KEY", help="As `nodeyard operations list` prints it.")]


@app.command(name="list")
def list_operations(endpoint: Endpoint = None, region: Region = None, json: AsJson = False) -> None:
    """List operations that fail by a bug or by what no waiting mends, those that are parked among them."""
    found = connected(endpoint, region).call("list_failed_operations")["failedOperations"]
    if json:
        for each in found:
            print_json(each)
    elif not found:
        typer.echo("No operation fails.")
    else:
        rows = [
            (
                each["key"],
                "parked" if each["parked"] else "tried again",
                instant(each["since"]) if "since" in each else "-",
                each["error"],
            )
            for each in found
        ]
        print_table(("KEY", "STATE", "SINCE", "LAST ERROR"), rows)


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
