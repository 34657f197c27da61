"""The answer of a rehearsal: the members of its JSON, from which text, Markdown and HTML are made.

Members are only ever added; `format` goes up when one changes its meaning. Units: seconds.
"""

from __future__ import annotations

import msgspec

from nodeyard.planner.words import span

FORMAT = 1

PASSES, AT_RISK, FAILS = "PASSES", "AT_RISK", "FAILS"


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """One piece of an answer."""


class Length(Part, frozen=True):
    """How long the update takes: to its failure where it FAILS, else to its end in the runs that pass."""

    p50: float
    p90: float
    p99: float


class Stretch(Part, frozen=True):
    """One thing on the critical path: what was waited for, how long, which share of the whole."""

    what: str
    seconds: float
    share: float


class Failure(Part, frozen=True):
    """Where the update fails, in the run of median length among those that fail."""

    node: int
    """Which node it is in the order in which they are replaced, from 1."""
    nodes: int
    after: float
    code: str
    because: str
    names: tuple[str, ...]
    budgets: tuple[str, ...] = ()
    """On which it fails in at least half of the runs that fail; in that run where there are none such."""


class Blocker(Part, frozen=True):
    """A pod that could not be evicted. `fatal`: the update failed on it."""

    pod: str
    node: str
    budget: str
    code: str
    because: str
    help: str
    fatal: bool
    seconds: float
    runs: int


class Outage(Part, frozen=True):
    """A workload without a single Ready pod for a time; `lasting`: still so at the end."""

    kind: str
    workload: str
    seconds: float
    most: float
    lasting: bool
    runs: int


class Homeless(Part, frozen=True):
    """Pods of a workload that no node takes. `because` is the scheduler's sentence."""

    kind: str
    workload: str
    pods: int
    because: str
    seconds: float
    lasting: bool
    runs: int


class Note(Part, frozen=True):
    """Something about a pod or workload on the group's nodes that a drain does not spare."""

    code: str
    name: str
    sentence: str
    kind: str = "Pod"


class Surge(Part, frozen=True):
    """Nodes above the size of the group, at most and in node hours.

    `price` is US dollars, `priced` where and when they hold; None: the price is not known.
    """

    nodes: int
    node_hours: float
    instance_type: str
    price: float | None
    priced: str | None = None


class Life(Part, frozen=True):
    """One node in the run of median length. None: that did not happen."""

    name: str
    zone: str
    new: bool
    ready: float | None
    drained: float | None
    emptied: float | None
    gone: float | None


class WayOut(Part, frozen=True):
    """A change with which the update passes, found by rehearsing again with it."""

    changes: tuple[str, ...]
    length: float
    runs: int


class Asked(Part, frozen=True):
    """What was rehearsed."""

    group: str
    label: str
    nodes: int
    strategy: str
    max_unavailable: str
    parallel: int
    drain_limit: float
    force: bool
    runs: int
    seed: int
    release: str | None = None


class Answer(Part, frozen=True):
    """Everything. `failing` is the share of runs that fail."""

    asked: Asked
    verdict: str
    failing: float
    sentence: str
    length: Length
    critical_path: tuple[Stretch, ...]
    surge: Surge
    format: int = FORMAT
    failure: Failure | None = None
    blockers: tuple[Blocker, ...] = ()
    outages: tuple[Outage, ...] = ()
    homeless: tuple[Homeless, ...] = ()
    notes: tuple[Note, ...] = ()
    killed: tuple[str, ...] = ()
    """Pods that force deletes, or would delete where it was not asked for."""
    ways_out: tuple[WayOut, ...] = ()
    tried: int = 0
    """Changes that were rehearsed in search of a way out."""
    timeline: tuple[Life, ...] = ()
    capacity: tuple[tuple[float, int], ...] = ()
    """(when, Ready nodes of the group) in the run of median length."""
    lacking: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def surge_text(surge: Surge) -> str:
    """Return in one sentence what the nodes above the size of the group are and cost."""
    count = f"{surge.nodes} node{'' if surge.nodes == 1 else 's'}"
    text = f"at most {count} more, {surge.node_hours:g} hours of {surge.instance_type}"
    if surge.price is None:
        return f"{text}; its price is not known"
    price = f"about ${surge.price:.2f}" if surge.price else "less than $0.01"
    return f"{text}, {price} ({surge.priced})"


def until(answer: Answer) -> str:
    """Return what the length of an answer is the length of."""
    return {PASSES: "until it ends", AT_RISK: "until it ends, where it passes", FAILS: "until it fails"}[
        answer.verdict
    ]


def outage_text(each: Outage) -> str:
    """Return in one sentence how long a workload is down."""
    name = f"{each.kind} {each.workload}"
    if each.lasting:
        return f"{name} loses all replicas and stays down"
    return f"{name} has no Ready pod for {span(each.seconds)}, at most {span(each.most)}"


def as_json(answer: Answer) -> str:
    """Return the answer as JSON."""
    return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n"
