"""The answer of a rehearsal as one HTML page: nothing is loaded from anywhere, no script runs in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nodeyard.planner.words import span
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.markdown import way

NODES_SHOWN = 400
CARDS_SHOWN = 60
_ROW, _LEFT, _WIDE, _HIGH = 18, 250, 1000, 160
_STYLE = """
:root { color-scheme: light dark; --ink: #16191f; --ground: #fff; --soft: #f2f3f3; --line: #d5dbdb;
  --good: #1d8102; --bad: #d13212; --risk: #9a6700; --old: #687078; --drain: #ec7211; --new: #0073bb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ebed; --ground: #0f1b2a; --soft: #192534;
  --line: #414d5c; --good: #29ad32; --bad: #ff5d64; --risk: #e0ca57; --old: #8d99a8; --drain: #ff9900;
  --new: #539fe5; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 1320px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.PASSES { color: var(--good); } .FAILS { color: var(--bad); } .AT_RISK { color: var(--risk); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1rem; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; background: var(--soft);
  overflow-wrap: anywhere; } .card.fatal { border-left: 4px solid var(--bad); }
.card h3 { margin: 0 0 .3rem; font-size: 1rem; } .card p { margin: .3rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dd { margin: 0; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.scroll { overflow-x: auto; }
.key span { display: inline-block; width: .9rem; height: .7rem; border-radius: 2px; margin: 0 .4rem 0 1rem; }
"""


def as_html(answer: a.Answer) -> str:
    """Return a whole page."""
    title = f"Rehearsal of {answer.asked.group}: {answer.verdict.replace('_', ' ')}"
    body = "\n".join(_body(answer, title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(answer: a.Answer, title: str) -> Iterator[str]:
    yield f'<main><h1 class="{answer.verdict}">{escape(title)}</h1>'
    yield f"<p>{escape(answer.sentence)}.</p>"
    yield _facts(answer)
    if answer.blockers:
        yield "<h2>In the way</h2>" + _cards(answer.blockers)
    yield from _listed("Ways out, each rehearsed", [way(each) for each in answer.ways_out])
    yield "<h2>Timeline of nodes</h2>" + _key() + _timeline(answer)
    yield "<h2>Ready nodes of the group</h2>" + _capacity(answer)
    yield from _listed(
        "Workloads that lose all replicas",
        [
            f"{each.kind} {each.workload}: "
            + ("down and stays down" if each.lasting else f"{span(each.seconds)}, at most {span(each.most)}")
            for each in answer.outages
        ],
    )
    yield from _listed(
        "Pods that no node takes",
        [
            f"{each.pods} of {each.workload}, "
            f"{'for good' if each.lasting else span(each.seconds)}: {each.because}"
            for each in answer.homeless
        ],
    )
    yield from _listed("What a drain does not spare", [each.sentence for each in answer.notes])
    killed = "Pods that force deletes" if answer.asked.force else "Pods that --force would delete"
    yield from _listed(killed, answer.killed)
    yield from _listed("Facts this rehearsal lacked", answer.lacking)
    yield from _listed("Taken for granted", answer.assumed)
    yield "</main>"


def _facts(answer: a.Answer) -> str:
    asked, length, surge = answer.asked, answer.length, answer.surge
    path = ", ".join(f"{each.what} {span(each.seconds)} ({each.share:.0%})" for each in answer.critical_path)
    rows = (
        ("Group", f"{asked.label}, {asked.nodes} nodes"),
        (
            "Update",
            f"{asked.strategy}, at most {asked.max_unavailable} unavailable, "
            f"{span(asked.drain_limit)} to drain a node{', force' if asked.force else ''}",
        ),
        (
            a.until(answer).capitalize(),
            f"p50 {span(length.p50)}, p90 {span(length.p90)}, p99 {span(length.p99)}",
        ),
        ("Time goes into", path),
        ("Surge", a.surge_text(surge)),
        ("Rehearsed", f"{asked.runs} runs from seed {asked.seed}; {answer.failing:.0%} fail"),
    )
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows) + "</dl>"


def _cards(blockers: Sequence[a.Blocker]) -> str:
    made = [
        f'<article class="card{" fatal" if each.fatal else ""}"><h3>{escape(each.pod)}</h3>'
        f"<p>{escape(f'budget {each.budget}' if each.budget else each.code)}, on {escape(each.node)}; "
        f"held {span(each.seconds)}{', and the update fails on it' if each.fatal else ''}</p>"
        f"<p>{escape(each.because)}.</p><p><strong>Help:</strong> {escape(each.help)}.</p></article>"
        for each in blockers[:CARDS_SHOWN]
    ]
    more = len(blockers) - CARDS_SHOWN
    return f'<div class="cards">{"".join(made)}</div>' + (f"<p>and {more} more</p>" if more > 0 else "")


def _listed(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if sentences:
        items = "".join(f"<li>{escape(each)}</li>" for each in sentences[:200])
        yield f"<h2>{escape(title)}</h2><ul>{items}</ul>"


def _end(answer: a.Answer) -> float:
    spans = ((life.ready, life.drained, life.emptied, life.gone) for life in answer.timeline)
    times = [each for one in spans for each in one if each]
    return max([*times, answer.length.p50, 1.0])


def _key() -> str:
    """Say what the colours of the timeline are."""
    parts = (
        ("old", "old node in service"),
        ("drain", "being drained"),
        ("line", "empty, until it is gone"),
        ("new", "new node"),
    )
    told = "".join(f'<span style="background: var(--{colour})"></span>{what}' for colour, what in parts)
    return f'<p class="key">In the run of median length: {told}</p>'


def _timeline(answer: a.Answer) -> str:
    """Return bars: a node that is there, that is drained, that is empty and waits to go."""
    end, shown = _end(answer), answer.timeline[:NODES_SHOWN]

    def x(at: float) -> float:
        return round(_LEFT + at / end * _WIDE, 1)

    parts = []
    for number, life in enumerate(shown):
        y = number * _ROW
        last = end if life.gone is None else life.gone
        parts.append(f'<text x="0" y="{y + 12}">{escape(life.name[:40])}</text>')
        for start, stop, colour, what in (
            (life.ready, life.drained or last, "new" if life.new else "old", "in service"),
            (life.drained, life.emptied or last, "drain", "drained"),
            (life.emptied, last, "line", "empty"),
        ):
            if start is None or stop <= start:
                continue
            told = escape(f"{life.name} in {life.zone}: {what} from {span(start)} to {span(stop)}")
            parts.append(
                f'<rect x="{x(start)}" y="{y + 2}" width="{max(round(x(stop) - x(start), 1), 1)}" '
                f'height="{_ROW - 5}" rx="2" fill="var(--{colour})"><title>{told}</title></rect>'
            )
    high = len(shown) * _ROW + 20
    parts.append(_axis(end, high))
    more = len(answer.timeline) - len(shown)
    said = f"<p>and {more} more nodes</p>" if more else ""
    label = "When each node is in service, is drained and goes"
    box = f'<svg role="img" aria-label="{label}" viewBox="0 0 {_LEFT + _WIDE + 30} {high}">'
    return f'<div class="scroll">{box}{"".join(parts)}</svg></div>{said}'


def _axis(end: float, high: int) -> str:
    marks = []
    for step in range(5):
        at = end * step / 4
        anchor = "end" if step == 4 else "start"
        place = f'x="{_LEFT + step * _WIDE / 4:.0f}" y="{high - 4}" text-anchor="{anchor}"'
        marks.append(f"<text {place}>{span(at)}</text>")
    return "".join(marks)


def _capacity(answer: a.Answer) -> str:
    """Return the number of Ready nodes over time as a stepped line."""
    end = max(_end(answer), answer.capacity[-1][0] if answer.capacity else 1.0)
    most = max([count for _, count in answer.capacity], default=1) or 1
    path, last = [], None
    for at, count in answer.capacity:
        x, y = _LEFT + at / end * _WIDE, 10 + (1 - count / most) * _HIGH
        path.append(f"M{x:.1f},{y:.1f}" if last is None else f"H{x:.1f}V{y:.1f}")
        last = count
    path.append(f"H{_LEFT + _WIDE}")
    before = answer.capacity[0][1] if answer.capacity else 0
    text = f"before {before}, at most {most}, after {last}"
    return (
        f'<p>{text}</p><div class="scroll"><svg role="img" aria-label="Ready nodes over time: {text}" '
        f'viewBox="0 0 {_LEFT + _WIDE + 30} {_HIGH + 40}"><text x="0" y="20">{most} nodes</text>'
        f'<text x="0" y="{_HIGH + 12}">0 nodes</text>'
        f'<path d="{"".join(path)}" fill="none" stroke="var(--new)" '
        f'stroke-width="2"/>{_axis(end, _HIGH + 34)}</svg></div>'
    )
