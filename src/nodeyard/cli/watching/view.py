"""The live view of an update on a terminal: phases, a line a node, what holds it, time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nodeyard.cli.printing import span
from nodeyard.cli.watching.lines import TOLD_ELSEWHERE, left

Obj = dict[str, Any]

_LANES = {
    "BLOCKED": "bold red",
    "DRAINING": "yellow",
    "PAUSING": "cyan",
    "TERMINATING": "magenta",
    "LAUNCHING": "blue",
    "JOINED": "blue",
    "QUEUED": "dim",
    "READY": "green",
}
_PHASES = {
    "DONE": ("✓", "green"),
    "CURRENT": ("●", "bold yellow"),
    "AHEAD": ("○", "dim"),
    "SKIPPED": ("–", "dim"),
    "STOPPED": ("✗", "red"),
}
_STATUS = {"InProgress": "yellow", "Successful": "green", "Failed": "red", "Cancelled": "magenta"}
_EVENTS_SHOWN = 4
_BLOCKERS_SHOWN = 3
_LINES_AROUND = 9
"""Lines of the view that are there whatever happens."""


def view(progress: Obj, events: Sequence[Obj], lost: str, height: int) -> RenderableType:
    """Return the whole view. Bounds: `height` lines; nodes that do nothing are counted, not listed."""
    blockers = progress["blockers"]
    shown = blockers[:_BLOCKERS_SHOWN]
    waits = _waits(progress)
    rows = max(3, height - _LINES_AROUND - 4 * len(shown) - min(len(events), _EVENTS_SHOWN) - len(waits))
    parts: list[RenderableType] = [_title(progress), _phases(progress), _times(progress), Text("")]
    if progress["nodes"]:
        parts += _nodes(progress["nodes"], rows)
    if progress.get("nodesUnseenBecause"):
        parts.append(Text(f"Nodes cannot be seen: {progress['nodesUnseenBecause']}", style="red"))
    for issue in progress.get("issues", ()):
        if issue["code"] == "PodEvictionFailure" and blockers:
            continue  # said of each pod below
        parts.append(Text(f"{issue['code']}: {issue['message']}", style="yellow"))
    parts += [Text(f"waiting: {each}", style="yellow") for each in waits]
    for each in shown:
        parts.append(_blocker(each))
    if len(blockers) > len(shown):
        parts.append(Text(f"  and {len(blockers) - len(shown)} more blockers", style="red"))
    for error in progress["update"].get("errors", []):
        parts.append(Text(f"{error['errorCode']}: {error['errorMessage']}", style="red"))
    if told := [each for each in events if each["kind"] not in TOLD_ELSEWHERE][-_EVENTS_SHOWN:]:
        parts.append(Text(""))
        parts += [_event(each) for each in told]
    if lost:
        parts.append(Text(lost, style="bold red"))
    return Group(*parts)


def _title(progress: Obj) -> Text:
    update = progress["update"]
    text = Text(overflow="ellipsis", no_wrap=True)
    place = "/".join(update[name] for name in ("clusterName", "nodegroupName") if name in update)
    text.append(place, style="bold")
    text.append(f"  {update['type']} {update['id']}", style="dim")
    if "releaseVersion" in update:
        text.append(f"  to {update['releaseVersion']}")
    if template := update.get("launchTemplate"):
        text.append(f"  {template['name']} ({template['version']})")
    if update.get("force"):
        text.append("  force", style="bold")
    if update.get("cancelRequested") and update["status"] == "InProgress":
        text.append("  cancelling", style="magenta")
    text.append(f"  {update['status']}", style=_STATUS[update["status"]])
    return text


def _phases(progress: Obj) -> RenderableType:
    update = progress["update"]
    text = Text()
    for each in progress["phases"]:
        sign, style = _PHASES[each["state"]]
        text.append(f"{sign} {each['phase']}   ", style=style)
    total = update.get("nodesTotal") or 0
    if not total:
        return text
    row = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=total, completed=update["nodesDone"], width=24)
    row.add_row(text, bar, Text(f"{update['nodesDone']} of {total} nodes"))
    return row


def _times(progress: Obj) -> Text:
    text = Text(overflow="ellipsis", no_wrap=True)
    text.append(f"{span(progress.get('elapsedSeconds'))} elapsed", style="bold")
    if progress["update"]["status"] != "InProgress":
        return text
    seconds = progress.get("remainingSeconds")
    text.append("   about " if seconds is not None else "   nobody knows how long", style="dim")
    if seconds is not None:
        text.append(f"{span(seconds)} left", style="bold")
    if progress.get("remainingBasis"):
        text.append(f"   {progress['remainingBasis']}", style="dim")
    return text


def _nodes(nodes: Sequence[Obj], rows: int) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("NODE", no_wrap=True)
    table.add_column("ZONE", no_wrap=True)
    table.add_column("LANE", no_wrap=True)
    table.add_column("FOR", no_wrap=True, justify="right")
    table.add_column("LEFT", no_wrap=True, justify="right")
    table.add_column("WHY", no_wrap=True, overflow="ellipsis", ratio=1)
    names = _names(nodes)
    for node in nodes[:rows]:
        lane = node["lane"]
        style = _LANES[lane]
        table.add_row(
            Text(names[node["instanceId"]], style="" if lane != "QUEUED" else "dim"),
            node["zone"],
            Text(lane.lower(), style=style),
            span(node.get("secondsSo")),
            span(node.get("secondsLeft")) if "secondsLeft" in node else "",
            Text(_short(node), style="dim"),
        )
    found: list[RenderableType] = [table]
    if len(nodes) > rows:
        rest = Counter(node["lane"].lower() for node in nodes[rows:])
        counts = ", ".join(f"{count} {lane}" for lane, count in rest.items())
        found.append(Text(f"and {len(nodes) - rows} more: {counts}", style="dim"))
    return found


def _short(node: Obj) -> str:
    """Return why a node is in its lane; of a blocked one only that, the rest is told below."""
    if node["lane"] == "BLOCKED":
        pods = node.get("podsLeft", 0)
        return f"{pods} pod{'' if pods == 1 else 's'} left, see below"
    return str(node["because"])


def _waits(progress: Obj) -> list[str]:
    """Return what is waited for that neither a blocker nor the line of a node tells."""
    if progress["update"]["status"] != "InProgress":
        return []
    told = [each["sentence"] for each in progress["blockers"]]
    told += [each["nodeName"] for each in progress["nodes"] if "nodeName" in each]
    waits = [str(each["because"]) for each in progress.get("waits", ())]
    return [each for each in waits if not any(known in each for known in told)]


def _names(nodes: Sequence[Obj]) -> dict[str, str]:
    """Return instance -> name, without the domain that all nodes share, where that is still a name."""
    full = {node["instanceId"]: node.get("nodeName") or node["instanceId"] for node in nodes}
    short = {instance: name.partition(".")[0] for instance, name in full.items()}
    return short if len(set(short.values())) == len(short) else full


def _blocker(blocker: Obj) -> RenderableType:
    text = Text()
    text.append(f"\n▲ {blocker['code']}", style="bold red")
    tries = "1 try" if blocker["tries"] == 1 else f"{blocker['tries']} tries"
    text.append(f"  {blocker['nodeName']}  {tries}, {left(blocker)}\n", style="dim")
    text.append(f"  {blocker['sentence']}\n")
    text.append("  help: ", style="bold")
    text.append(blocker["help"])
    return Padding(text, (0, 0, 0, 0))


def _event(event: Obj) -> Text:
    line = f"{event['at'][11:19]}  {event['kind']}: {event['message']}"
    return Text(line, style="dim", no_wrap=True, overflow="ellipsis")
