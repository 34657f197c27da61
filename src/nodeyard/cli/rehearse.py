"""`nodeyard rehearse`: play a version update of a node group on a snapshot and tell what became of it."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nodeyard.rehearse.group import select
    from nodeyard.rehearse.plan import Request

PASSES, FAILS, AT_RISK = 0, 3, 4
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Strategy(StrEnum):
    """In which order nodes come and go."""

    DEFAULT = "DEFAULT"
    MINIMAL = "MINIMAL"


class Format(StrEnum):
    """How the answer is written."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


def rehearse(
    snapshot: Annotated[
        Path,
        typer.Option(
            "--snapshot", help="What `nodeyard snapshot` wrote, or JSON of `kubectl get -A -o json`."
        ),
    ],
    group: Annotated[str, typer.Option("--group", help="The group's name, or a node label as KEY=VALUE.")],
    strategy: Annotated[
        Strategy, typer.Option("--strategy", help="The update strategy of the group.")
    ] = Strategy.DEFAULT,
    max_unavailable: Annotated[
        str, typer.Option("--max-unavailable", help="Nodes replaced at once: 2, or 20%.")
    ] = "1",
    to_release: Annotated[
        str | None, typer.Option("--to-release", help="The AMI release to go to.", show_default=False)
    ] = None,
    drain_timeout: Annotated[
        str, typer.Option("--drain-timeout", help="How long a node may take to drain: 900, 15m, 1h.")
    ] = "15m",
    force: Annotated[bool, typer.Option("--force", help="Delete pods that are not evicted in time.")] = False,
    runs: Annotated[
        int | None,
        typer.Option(
            "--runs",
            help="How often chance is tried. [default: 100, fewer in a large group]",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same answer.")] = 1,
    format: Annotated[Format, typer.Option("--format", help="How the answer is written.")] = Format.text,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write the answer here, not to the terminal.", show_default=False
        ),
    ] = None,
    ways_out: Annotated[
        bool, typer.Option("--ways-out/--no-ways-out", help="Search for what makes it pass.")
    ] = True,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help=f"Leave with {FAILS} where it would fail, {AT_RISK} at risk."),
    ] = False,
    risk: Annotated[
        float, typer.Option("--risk", help="The share of failing runs that is still no risk.")
    ] = 0.0,
) -> None:
    """Rehearse a version update of a node group on a snapshot of its cluster. Nothing real is touched."""
    from nodeyard.cli import answers
    from nodeyard.rehearse import snapshot as snapshots
    from nodeyard.rehearse.plan import Request, unavailable, usual_runs
    from nodeyard.rehearse.rehearsal import rehearse as play

    config = replace(unavailable(max_unavailable), update_strategy=strategy.value)
    limit = seconds(drain_timeout)
    held = snapshots.read(snapshot)
    times = usual_runs(select(held, group).pods_of(held)) if runs is None else runs
    request: Request = Request(group, config, to_release, limit, force=force, runs=times, seed=seed)
    with answers.progress(times) as on_progress:
        answer = play(held, request, on_progress=on_progress, find_ways_out=ways_out)
    answers.write(answer, format.value, output)
    if exit_code and answer.failing > risk:
        raise typer.Exit(FAILS if answer.verdict == "FAILS" else AT_RISK)


def seconds(text: str) -> float:
    """Return how long `900`, `15m` or `1h` is. Raises: typer.BadParameter."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise typer.BadParameter(f"--drain-timeout must be like 900, 15m or 1h, not {text!r}.")
    return float(found.group(1)) * _UNITS[found.group(2) or "s"]
