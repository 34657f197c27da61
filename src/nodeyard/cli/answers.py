"""The answer of a rehearsal on a terminal, or as a file in one of its formats."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nodeyard.planner.words import span
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.html import as_html
from nodeyard.rehearse.markdown import as_markdown, way
from nodeyard.settings import StartRefused

WIDTH = 110
_COLOUR = {a.PASSES: "green", a.AT_RISK: "yellow", a.FAILS: "red"}
ROWS = 12
_HELD = " cannot be evicted: "


@contextlib.contextmanager
def progress(runs: int) -> Iterator[Callable[[int, int], None] | None]:
    """Show on a terminal how many runs are done; say nothing elsewhere."""
    if not sys.stderr.isatty() or runs < 2:
        yield None
        return
    console = Console(stderr=True)
    with console.status("rehearsing") as status:
        yield lambda done, total: status.update(f"rehearsing: {done} of {total} runs")


def write(answer: a.Answer, format: str, output: Path | None) -> None:
    """Print an answer or write it to a file. Raises: StartRefused when the file cannot be written."""
    if format == "text":
        console = Console(width=None if sys.stdout.isatty() and output is None else WIDTH, highlight=False)
        if output is None:
            show(answer, console)
            return
        with console.capture() as captured:
            show(answer, console)
        text = captured.get()
    else:
        text = {"json": a.as_json, "markdown": as_markdown, "html": as_html}[format](answer)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise StartRefused(f"--output {output} cannot be written: {fault.strerror}.") from fault
    sys.stdout.write(f"{output}: {_verdict(answer)}  {answer.sentence}.\n")


def _verdict(answer: a.Answer) -> str:
    return answer.verdict.replace("_", " ")


def show(answer: a.Answer, console: Console) -> None:
    """Print an answer: the verdict, then what is in the way, then what helps, then the small print."""
    asked = answer.asked
    colour = _COLOUR[answer.verdict]
    console.print(f"[bold {colour}]{_verdict(answer)}[/]  {escape(answer.sentence)}.\n")
    console.print(
        escape(
            f"{asked.label}: {asked.nodes} nodes, {asked.strategy}, "
            f"at most {asked.max_unavailable} unavailable, "
            f"{span(asked.drain_limit)} to drain a node{', force' if asked.force else ''}; "
            f"{asked.runs} runs from seed {asked.seed}"
        )
    )
    console.print(
        f"{a.until(answer).capitalize()}: p50 {span(answer.length.p50)}, p90 {span(answer.length.p90)}, "
        f"p99 {span(answer.length.p99)}"
    )
    path = ", ".join(f"{each.what} {span(each.seconds)} ({each.share:.0%})" for each in answer.critical_path)
    console.print(escape(f"Time goes into: {path}"))
    console.print(escape(f"Surge: {a.surge_text(answer.surge)}\n"))
    _blockers(answer, console)
    _pods(answer, console)
    _ways(answer, console)
    for title, lines in (
        ("Facts this rehearsal lacked", answer.lacking),
        ("Taken for granted", answer.assumed),
    ):
        _list(console, title, lines)


def _list(console: Console, title: str, lines: tuple[str, ...]) -> None:
    if not lines:
        return
    console.print(f"[bold]{title}[/]")
    for each in lines[:ROWS]:
        console.print(f"  - {escape(each)}")
    if len(lines) > ROWS:
        console.print(f"  - and {len(lines) - ROWS} more: --format json has them all")
    console.print()


def _blockers(answer: a.Answer, console: Console) -> None:
    if not answer.blockers:
        return
    table = Table(title="In the way", title_justify="left", expand=True)
    for name in ("pod", "budget", "held", "because"):
        table.add_column(name, overflow="fold")
    above = ""
    for each in answer.blockers[:ROWS]:
        held = f"{'[red]fatal[/] ' if each.fatal else ''}{span(each.seconds)}"
        # Pods of one budget are held by the same: only their names differ, and those stand beside it.
        why = f"{each.because.partition(_HELD)[2] or each.because}. Help: {each.help}"
        told = "as above" if why == above else why
        table.add_row(escape(f"{each.pod} on {each.node}"), escape(each.budget), held, escape(told))
        above = why
    console.print(table)
    if len(answer.blockers) > ROWS:
        console.print(f"and {len(answer.blockers) - ROWS} more: --format json has them all")
    console.print()


def _pods(answer: a.Answer, console: Console) -> None:
    down = tuple(
        f"{each.kind} {each.workload}: "
        + ("down and stays down" if each.lasting else f"{span(each.seconds)} (at most {span(each.most)})")
        for each in answer.outages
    )
    _list(console, "Workloads that lose all replicas", down)
    homeless = tuple(
        f"{each.pods} of {each.workload}, "
        f"{'for good' if each.lasting else span(each.seconds)}: {each.because}"
        for each in answer.homeless
    )
    _list(console, "Pods that no node takes", homeless)
    _list(console, "What a drain does not spare", tuple(each.sentence for each in answer.notes))
    verb = "Pods that force deletes" if answer.asked.force else "Pods that --force would delete"
    _list(console, verb, answer.killed)


def _ways(answer: a.Answer, console: Console) -> None:
    ways = tuple(way(each) for each in answer.ways_out)
    _list(console, "Ways out, each rehearsed", ways)
    if answer.tried and not ways:
        console.print(f"No way out was found among {answer.tried} changes that were rehearsed.\n")
