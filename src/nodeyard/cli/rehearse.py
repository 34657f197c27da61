"""`nodeyard rehearse`: play a version update of a node group on a snapshot and tell what became of it.

The snapshot is a file, or taken on the spot of a cluster that EKS or a running service knows.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodeyard.cli.reaching import Region, connected
from nodeyard.cli.score import score

if TYPE_CHECKING:
    from nodeyard.model.nodegroup import UpdateConfig
    from nodeyard.rehearse.plan import Request
    from nodeyard.rehearse.snapshot import Snapshot

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


app = typer.Typer(rich_markup_mode=None, help="Rehearse version updates of node groups.")
app.command(name="score")(score)


@app.callback(invoke_without_command=True)
def rehearse(
    context: typer.Context,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            "--snapshot",
            help="What `nodeyard snapshot` wrote, or JSON of `kubectl get -A -o json`.",
            show_default=False,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            help="In place of --snapshot: a cluster of EKS, or with --endpoint one of a running service.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", help="The group's name, or a node label as KEY=VALUE.", show_default=False),
    ] = None,
    strategy: Annotated[
        Strategy | None,
        typer.Option(
            "--strategy",
            help="The update strategy. [default: the group's where it is known, else DEFAULT]",
            show_default=False,
        ),
    ] = None,
    max_unavailable: Annotated[
        str | None,
        typer.Option(
            "--max-unavailable",
            help="Nodes replaced at once: 2, or 20%. [default: the group's where it is known, else 1]",
            show_default=False,
        ),
    ] = None,
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
    endpoint: Annotated[
        str | None,
        typer.Option(
            "--endpoint",
            help="Where a running service answers, for --cluster. [default: EKS itself]",
            envvar="NODEYARD_ENDPOINT",
            show_default=False,
            metavar="URL",
        ),
    ] = None,
    region: Region = None,
) -> None:
    """Rehearse a version update of a node group on a snapshot of its cluster. Nothing real is touched."""
    if context.invoked_subcommand is not None:
        return
    if group is None or (snapshot is None) == (cluster is None):
        raise typer.BadParameter("Give --group, and one of --snapshot FILE and --cluster NAME.")
    from nodeyard.cli import answers
    from nodeyard.rehearse.group import select
    from nodeyard.rehearse.plan import Request, usual_runs
    from nodeyard.rehearse.rehearsal import rehearse as play

    limit = seconds(drain_timeout)
    held, config = _held(snapshot, cluster, group, (endpoint, region))
    config = _config(config, strategy, max_unavailable)
    times = usual_runs(select(held, group).pods_of(held)) if runs is None else runs
    request: Request = Request(group, config, to_release, limit, force=force, runs=times, seed=seed)
    with answers.progress(times) as on_progress:
        answer = play(held, request, on_progress=on_progress, find_ways_out=ways_out)
    answers.write(answer, format.value, output)
    if exit_code and answer.failing > risk:
        raise typer.Exit(FAILS if answer.verdict == "FAILS" else AT_RISK)


def _held(
    file: Path | None, cluster: str | None, group: str, place: tuple[str | None, str | None]
) -> tuple[Snapshot, UpdateConfig]:
    """Return the snapshot, and the update configuration of the group where somebody knows it."""
    from nodeyard.model.nodegroup import UpdateConfig
    from nodeyard.rehearse import snapshot as snapshots

    if file is not None:
        return snapshots.read(file), UpdateConfig(update_strategy=Strategy.DEFAULT.value)
    from nodeyard.app.snapshots import take_known

    assert cluster is not None, "there is one of both"
    endpoint, region = place
    if endpoint is None:
        return take_known(cluster, group, region)
    service = connected(endpoint, region)
    return take_known(cluster, group, service.region, service.endpoint, service.keys())


def _config(known: UpdateConfig, strategy: Strategy | None, most: str | None) -> UpdateConfig:
    from nodeyard.rehearse.plan import unavailable

    chosen = known if most is None else unavailable(most)
    wanted = known.update_strategy if strategy is None else strategy.value
    return replace(chosen, update_strategy=wanted)


def seconds(text: str) -> float:
    """Return how long `900`, `15m` or `1h` is. Raises: typer.BadParameter."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise typer.BadParameter(f"--drain-timeout must be like 900, 15m or 1h, not {text!r}.")
    return float(found.group(1)) * _UNITS[found.group(2) or "s"]
