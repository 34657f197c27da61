"""`nodeyard rehearse score`: what the service foretold of its own updates beside what came of them."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeyard.cli.printing import print_json, print_table
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected

if TYPE_CHECKING:
    from nodeyard.cli.connection import Connection
    from nodeyard.rehearse.scoring import Score, Summary

KIND = "UpdateRehearsed"
PAGE = 100


def score(
    cluster: Annotated[str, typer.Option("--cluster", help="The cluster whose updates are scored.")],
    endpoint: Endpoint = None,
    region: Region = None,
    json: AsJson = False,
) -> None:
    """Compare the rehearsals that the service made of its version updates with what came of them."""
    from nodeyard.rehearse import scoring

    scores = _scores(connected(endpoint, region), cluster)
    if not scores:
        typer.echo(f"No update of cluster {cluster} that was rehearsed has ended yet.")
        return
    total = scoring.summary(scores)
    if json:
        for each in scores:
            print_json(_shape(each))
        print_json(_total(total))
        return
    columns = ("UPDATE", "FORETOLD", "CAME", "P50", "P90", "TOOK", "BLOCKERS FORETOLD", "BLOCKERS")
    print_table(columns, [_row(each) for each in scores])
    typer.echo(_sentence(total))


def _scores(service: Connection, cluster: str) -> list[Score]:
    from nodeyard.rehearse.scoring import Score, budgets_in

    found = []
    for id, made in _rehearsals(service, cluster):
        progress = service.call("describe_update_progress", clusterName=cluster, updateId=id)["progress"]
        update = progress["update"]
        if update["status"] not in ("Successful", "Failed"):
            continue
        messages = [str(each.get("errorMessage", "")) for each in update.get("errors") or ()]
        found.append(
            Score(
                id,
                made["verdict"] != "FAILS",
                update["status"] == "Successful",
                frozenset(made["budgets"]),
                budgets_in(messages),
                made["p50"],
                made["p90"],
                float(progress["elapsedSeconds"]),
            )
        )
    return found


def _rehearsals(service: Connection, cluster: str) -> list[tuple[str, dict[str, Any]]]:
    found, after = [], 0
    while True:
        answer = service.call("list_events", clusterName=cluster, after=after, maxResults=PAGE)
        for each in answer["events"]:
            if each["kind"] == KIND:
                found.append((each["subject"]["update"], json_module.loads(each["subject"]["rehearsal"])))
        if not answer["events"]:
            return found
        after = answer["lastSequence"]


def _row(each: Score) -> tuple[str, ...]:
    from nodeyard.planner.words import span

    return (
        each.name,
        "passes" if each.foretold else "fails",
        "passed" if each.came else "failed",
        span(each.p50),
        span(each.p90),
        span(each.seconds),
        ", ".join(sorted(each.budgets_foretold)) or "none",
        ", ".join(sorted(each.budgets_came)) or "none",
    )


def _sentence(total: Summary) -> str:
    def share(value: float | None) -> str:
        return "nothing to count" if value is None else f"{value:.0%}"

    return (
        f"{total.updates} updates: verdict right {share(total.right)}; blockers: precision "
        f"{share(total.precision)}, recall {share(total.recall)}; p50 off by {share(total.off)} at the "
        f"median, p90 covers {share(total.covered)} of {total.passed} that passed"
    )


def _shape(each: Score) -> dict[str, Any]:
    return {
        "updateId": each.name,
        "foretold": each.foretold,
        "came": each.came,
        "budgetsForetold": sorted(each.budgets_foretold),
        "budgetsCame": sorted(each.budgets_came),
        "p50": each.p50,
        "p90": each.p90,
        "seconds": each.seconds,
    }


def _total(total: Summary) -> dict[str, Any]:
    return {
        "updates": total.updates,
        "verdictsRight": total.right,
        "precision": total.precision,
        "recall": total.recall,
        "p50OffBy": total.off,
        "p90Covers": total.covered,
    }
