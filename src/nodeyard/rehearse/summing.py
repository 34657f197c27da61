"""Many runs become one answer: shares, percentiles, the worst that was seen. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from nodeyard import catalog
from nodeyard.planner.words import counted, span
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.group import Group
from nodeyard.rehearse.learned import Root
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.play import Run

SHOWN_STRETCHES = 6
FAILS_FROM = 0.9
"""The share of failing runs from which on the update counts as one that fails. Where chance decides, as where
pods race for the last room, some runs pass and some fail: that is a risk, and no promise either way."""


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that one more draw of the same kind does not exceed with the chance of a share.

    Bounds: 0 < share <= 1, one value at least; few values cannot tell a large share and give the largest.
    """
    ordered = sorted(values)
    rank = min(max(share * (len(ordered) + 1), 1.0), float(len(ordered)))
    below = int(rank) - 1
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (rank - int(rank)) * (ordered[above] - ordered[below])


def median_run(runs: Sequence[Run]) -> Run:
    ordered = sorted(runs, key=lambda each: (each.seconds, each.seed))
    return ordered[(len(ordered) - 1) // 2]


def named(root: Root) -> str:
    return f"{root[1]}/{root[2]}"


def length(runs: Sequence[Run]) -> a.Length:
    spans = [each.seconds for each in runs]
    return a.Length(*(round(percentile(spans, share), 1) for share in (0.5, 0.9, 0.99)))


def verdict(failing: float) -> str:
    if not failing:
        return a.PASSES
    return a.FAILS if failing >= FAILS_FROM else a.AT_RISK


def failure(failed: Sequence[Run]) -> a.Failure:
    """Return where and why the update fails. Bounds: one run at least."""
    run = median_run(failed)
    return a.Failure(
        min(run.nodes_done + 1, run.nodes_total),
        run.nodes_total,
        round(run.seconds, 1),
        run.code,
        _because(run),
        run.failed_nodes,
        tuple(sorted(_budgets(failed) or _fatal_budgets(run))),
    )


def _budgets(failed: Sequence[Run]) -> set[str]:
    counts = Counter(name for run in failed for name in _fatal_budgets(run))
    return {name for name, count in counts.items() if count * 2 >= len(failed)}


def _fatal_budgets(run: Run) -> set[str]:
    held = [each.blocker.budget for each in run.seen.held.values() if each.fatal]
    return {name for each in held for name in each.split(", ") if name}


def _because(run: Run) -> str:
    fatal = [each.blocker.sentence for each in run.seen.held.values() if each.fatal]
    if not fatal:
        return run.because
    return fatal[0] + (f"; and {counted(len(fatal) - 1, 'pod')} more" if len(fatal) > 1 else "")


def sentence(runs: Sequence[Run], failing: float) -> str:
    """Return the answer in one sentence."""
    good = [each for each in runs if each.succeeded]
    bad = [each for each in runs if not each.succeeded]
    if not bad:
        took = length(good)
        return (
            f"would succeed: {counted(runs[0].nodes_total, 'node')} in about {span(took.p50)} "
            f"(p90 {span(took.p90)})"
        )
    told = failure(bad)
    name = f" ({told.names[0]})" if told.names else ""
    where = f"node {told.node} of {told.nodes}{name} after {span(told.after)}"
    what = f"{where} with {told.code} because {told.because}"
    if failing >= FAILS_FROM:
        return f"would fail at {what}"
    return f"is at risk: {len(bad)} of {counted(len(runs), 'run')} fail, such as at {what}"


def critical_path(run: Run) -> tuple[a.Stretch, ...]:
    """Return what the time of a run went into, the longest first."""
    total = sum(run.seen.spans.values()) or 1.0
    ordered = sorted(run.seen.spans.items(), key=lambda each: -each[1])
    return tuple(
        a.Stretch(what, round(seconds, 1), round(seconds / total, 3))
        for what, seconds in ordered[:SHOWN_STRETCHES]
        if seconds >= 0.5
    )


def blockers(runs: Sequence[Run]) -> tuple[a.Blocker, ...]:
    """Return what held pods back, what failed the update first, then the longest."""
    found = defaultdict(list)
    for run in runs:
        for key, held in run.seen.held.items():
            found[key].append(held)
    listed = []
    for (pod, code), seen in found.items():
        worst = max(seen, key=lambda each: (each.fatal, each.seconds))
        one = worst.blocker
        longest = round(max(each.seconds for each in seen), 1)
        listed.append(
            a.Blocker(
                pod,
                worst.node,
                one.budget,
                code,
                one.sentence,
                one.help,
                worst.fatal,
                longest,
                len(seen),
            )
        )
    return tuple(sorted(listed, key=lambda each: (not each.fatal, -each.seconds, each.pod)))


def outages(runs: Sequence[Run]) -> tuple[a.Outage, ...]:
    found: dict[Root, list[tuple[float, bool]]] = defaultdict(list)
    for run in runs:
        for root, seconds in run.seen.outages.items():
            found[root].append((seconds, root in run.seen.down))
    listed = [
        a.Outage(
            root[0],
            named(root),
            round(percentile([each for each, _ in seen], 0.5), 1),
            round(max(each for each, _ in seen), 1),
            sum(lasting for _, lasting in seen) * 2 >= len(seen),
            len(seen),
        )
        for root, seen in found.items()
    ]
    return tuple(sorted(listed, key=lambda each: (not each.lasting, -each.seconds, each.workload)))


def homeless(runs: Sequence[Run]) -> tuple[a.Homeless, ...]:
    """Return pods that fit nowhere, those that never did first."""
    found: dict[tuple[Root, str], list[tuple[int, float, bool]]] = defaultdict(list)
    for run in runs:
        by_reason = defaultdict(list)
        for each in run.seen.nowhere.values():
            by_reason[each.root, each.because].append(each)
        for key, members in by_reason.items():
            most = max(each.seconds for each in members)
            found[key].append((len(members), most, any(each.lasting for each in members)))
    worst: dict[Root, a.Homeless] = {}
    for (root, because), seen in found.items():
        lasting = any(each[2] for each in seen)
        pods, seconds = max(each[0] for each in seen), round(max(each[1] for each in seen), 1)
        made = a.Homeless(root[0], named(root), pods, because, seconds, lasting, len(seen))
        held = worst.get(root)
        if held is None or (lasting, seconds) > (held.lasting, held.seconds):
            worst[root] = made
    return tuple(sorted(worst.values(), key=lambda each: (not each.lasting, -each.seconds, each.workload)))


def surge(runs: Sequence[Run], group: Group) -> a.Surge:
    hours = percentile([each.seen.extra_seconds for each in runs], 0.5) / 3600
    most = max(each.seen.extra_most for each in runs)
    if not group.type_is_known:
        return a.Surge(most, round(hours, 2), "an unknown type", None)
    hourly, listed = catalog.price_of(group.instance_type), catalog.price_list()
    if hourly is None:
        return a.Surge(most, round(hours, 2), group.instance_type, None)
    kind = "On-Demand, Spot costs less" if group.spot else "On-Demand"
    priced = f"{kind}, {listed.region}, {listed.as_of.isoformat()}"
    return a.Surge(most, round(hours, 2), group.instance_type, round(hours * hourly, 2), priced)


def lives(run: Run) -> tuple[a.Life, ...]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 1)

    found = [
        a.Life(
            each.name or "a node that never joined",
            each.zone,
            each.new,
            rounded(each.ready),
            rounded(each.drained),
            rounded(each.emptied),
            rounded(each.gone),
        )
        for each in run.seen.lives.values()
    ]
    late = float("inf")
    return tuple(
        sorted(
            found, key=lambda e: (e.new, late if e.drained is None else e.drained, e.ready or late, e.name)
        )
    )


def asked(request: Request, group: Group, parallel: int) -> a.Asked:
    config = request.update_config
    if config.max_unavailable_percentage is not None:
        most = f"{config.max_unavailable_percentage}%"
    else:
        most = str(config.max_unavailable or 1)
    return a.Asked(
        group.name,
        group.label,
        len(group.nodes),
        config.update_strategy or "DEFAULT",
        most,
        parallel,
        request.drain_limit_s,
        request.force,
        request.runs,
        request.seed,
        request.release,
    )
