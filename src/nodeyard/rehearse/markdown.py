"""The answer of a rehearsal as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nodeyard.planner.words import span
from nodeyard.rehearse import answer as a

ROWS = 20
_SIGN = {a.PASSES: "✅", a.AT_RISK: "⚠️", a.FAILS: "❌"}


def as_markdown(answer: a.Answer) -> str:
    """Return one document with everything but the timeline."""
    asked = answer.asked
    lines = [
        f"## {_SIGN[answer.verdict]} Rehearsal of node group `{asked.group}`: "
        f"{answer.verdict.replace('_', ' ')}",
        "",
        f"{_plain(answer.sentence)}.",
        "",
        f"| | |\n|---|---|\n| group | `{asked.label}`, {asked.nodes} nodes |",
        f"| update | {asked.strategy}, at most {asked.max_unavailable} unavailable, "
        f"{span(asked.drain_limit)} to drain a node{', force' if asked.force else ''} |",
        f"| {a.until(answer)} | p50 {span(answer.length.p50)}, p90 {span(answer.length.p90)}, "
        f"p99 {span(answer.length.p99)} |",
        f"| time goes into | {_path(answer)} |",
        f"| surge | {a.surge_text(answer.surge)} |",
        f"| rehearsed | {asked.runs} runs from seed {asked.seed} |",
        "",
    ]
    lines += _blockers(answer)
    lines += _section("Workloads that lose all replicas", [_outage(each) for each in answer.outages])
    lines += _section("Pods that no node takes", [_homeless(each) for each in answer.homeless])
    lines += _section("What a drain does not spare", [each.sentence for each in answer.notes])
    killed = "Pods that force deletes" if asked.force else "Pods that `--force` would delete"
    lines += _section(killed, [f"`{each}`" for each in answer.killed])
    lines += _section("Ways out, each rehearsed", [way(each) for each in answer.ways_out])
    lines += _section("Facts this rehearsal lacked", answer.lacking)
    lines += _section("Taken for granted", answer.assumed)
    return "\n".join(lines).rstrip() + "\n"


def way(each: a.WayOut) -> str:
    """Return a way out in one sentence."""
    return f"{' and '.join(each.changes)}: then it takes {span(each.length)} ({each.runs} runs pass)"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _path(answer: a.Answer) -> str:
    return ", ".join(f"{each.what} {span(each.seconds)} ({each.share:.0%})" for each in answer.critical_path)


def _outage(each: a.Outage) -> str:
    how = "down and stays down" if each.lasting else f"{span(each.seconds)}, at most {span(each.most)}"
    return f"{each.kind} `{each.workload}`: {how}"


def _homeless(each: a.Homeless) -> str:
    how = "for good" if each.lasting else span(each.seconds)
    return f"{each.pods} of `{each.workload}`, {how}: {each.because}"


def _blockers(answer: a.Answer) -> Iterator[str]:
    if not answer.blockers:
        return
    yield "### In the way\n"
    yield "| pod | budget | held | because | help |\n|---|---|---|---|---|"
    for each in answer.blockers[:ROWS]:
        held = f"{'**fatal** ' if each.fatal else ''}{span(each.seconds)}"
        budget = f"`{each.budget}`" if each.budget else ""
        where = f"`{each.pod}` on `{each.node}`"
        yield f"| {where} | {budget} | {held} | {_plain(each.because)} | {_plain(each.help)} |"
    if len(answer.blockers) > ROWS:
        yield f"\nand {len(answer.blockers) - ROWS} more"
    yield ""


def _section(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if not sentences:
        return
    yield f"### {title}\n"
    for each in sentences[:ROWS]:
        yield f"- {_plain(each)}"
    if len(sentences) > ROWS:
        yield f"- and {len(sentences) - ROWS} more"
    yield ""
