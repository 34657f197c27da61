"""`nodeyard rehearse score`: what the service foretold of its own updates beside what came of them."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeyard.cli.printing import print_json, print_table
from nodeyard.cli.reaching import AsJson, Endpoint, Region, connected
from nodeyard.model.rehearsal import AT_RISK, FAILS, PASSES
from nodeyard.planner.words import counted

if TYPE_CHECKING:
    from nodeyard.cli.connection import Connection
    from nodeyard.rehearse.scoring import Hits, Score, Summary

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
                made["verdict"],
                made["failing"],
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
        _VERDICTS[each.verdict].format(f"{each.failing:.0%}"),
        "passed" if each.came else "failed",
        span(each.p50),
        span(each.p90),
        span(each.seconds),
        ", ".join(sorted(each.budgets_named)) or "none",
        ", ".join(sorted(each.budgets_came)) or "none",
    )


_VERDICTS = {PASSES: "passes", AT_RISK: "at risk, {} fail", FAILS: "fails"}


def _sentence(total: Summary) -> str:
    lines = [f"{counted(total.updates, 'update')}: {total.right:.0%} came as foretold (at risk: passes)"]
    if total.risk is not None and total.risk_came is not None:
        risk = f"of their runs {total.risk:.0%} failed, of the updates {total.risk_came:.0%}"
        lines.append(f"At risk: {total.risky}; {risk}")
    lines.append(f"Budgets that failed an update: {_blockers(total.foretold)}")
    if total.risky:
        lines.append(f"With those named only at risk: {_blockers(total.named)}")
    if total.off is not None and total.covered is not None:
        lines.append(
            f"Length of the {total.passed} that passed: p50 off by {total.off:.0%} at the median, "
            f"p90 long enough for {total.covered:.0%}"
        )
    return "\n".join(lines)


def _blockers(found: Hits) -> str:
    said = "none was foretold" if found.precision is None else f"{found.precision:.0%} of those foretold did"
    came = "none did" if found.recall is None else f"{found.recall:.0%} of those that did were foretold"
    return f"{said}, {came}"


def _shape(each: Score) -> dict[str, Any]:
    return {
        "updateId": each.name,
        "verdict": each.verdict,
        "failing": each.failing,
        "foretold": each.foretold,
        "came": each.came,
        "budgetsForetold": sorted(each.budgets_foretold),
        "budgetsNamed": sorted(each.budgets_named),
        "budgetsCame": sorted(each.budgets_came),
        "p50": each.p50,
        "p90": each.p90,
        "seconds": each.seconds,
    }


def _total(total: Summary) -> dict[str, Any]:
    return {
        "updates": total.updates,
        "verdictsRight": total.right,
        "precision": total.foretold.precision,
        "recall": total.foretold.recall,
        "precisionWithAtRisk": total.named.precision,
        "recallWithAtRisk": total.named.recall,
        "atRisk": total.risky,
        "atRiskExpectedToFail": total.risk,
        "atRiskFailed": total.risk_came,
        "p50OffBy": total.off,
        "p90Covers": total.covered,
    }
