"""`nodeyard faults`: what can go wrong in the embedded world, switched on and off by name."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nodeyard.cli.printing import instant, print_json, print_table
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

app = typer.Typer(help="Faults of the embedded world.", rich_markup_mode=None)


@app.command(name="list")
def list_faults(endpoint: Endpoint = None, region: Region = None, json: AsJson = False) -> None:
    """List the faults that are on and the menu of those that there are."""
    found = connected(endpoint, region).call("list_faults")
    if json:
        print_json({"faults": found["faults"], "menu": found["menu"]})
        return
    if found["faults"]:
        rows = [
            (each["id"], each["name"], _scope(each), instant(each["since"]), _until(each))
            for each in found["faults"]
        ]
        print_table(("ON", "FAULT", "WHERE", "SINCE", "UNTIL"), rows)
        typer.echo("")
    menu = [(each["name"], ", ".join(each["takes"]) or "-", each["summary"]) for each in found["menu"]]
    print_table(("FAULT", "TAKES", "WHAT HAPPENS"), menu)


@app.command(name="set")
def set_fault(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name of the menu: see `nodeyard faults list`.")
    ],
    group: Annotated[str | None, typer.Option("--group", help="Only for this node group.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="Only in this Availability Zone.")] = None,
    seconds: Annotated[
        float | None, typer.Option("--for", help="Seconds of the service's clock.", metavar="SECONDS")
    ] = None,
    amount: Annotated[int | None, typer.Option("--amount", help="What it counts is in the menu.")] = None,
    endpoint: Endpoint = None,
    region: Region = None,
) -> None:
    """Switch a fault on and print its id. Its node group may be created later."""
    made = connected(endpoint, region).call(
        "set_fault", name=name, group=group, zone=zone, seconds=seconds, amount=amount
    )
    typer.echo(made["faultId"])
    if "note" in made:
        back = f"To take the fault back: nodeyard faults clear {made['faultId']}"
        typer.echo(f"{made['note']} {back}", err=True)


@app.command()
def clear(
    which: Annotated[str, typer.Argument(metavar="WHICH", help="An id, a name of the menu, or `all`.")],
    endpoint: Endpoint = None,
    region: Region = None,
) -> None:
    """Switch faults off and print their ids."""
    for each in connected(endpoint, region).call("clear_fault", which=which)["faultIds"]:
        typer.echo(each)


def _scope(fault: dict[str, Any]) -> str:
    named = [f"{name} {fault[name]}" for name in ("group", "zone", "amount") if name in fault]
    return ", ".join(named) or "everywhere"


def _until(fault: dict[str, Any]) -> str:
    return instant(fault["until"]) if "until" in fault else "cleared"
