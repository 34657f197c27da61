"""From a rehearsal to the members of our own service model. Translation only, as `extension_views`."""

from __future__ import annotations

from typing import Any

from nodeyard.model.rehearsal import Finding, Foreseen, Rehearsal

Shape = dict[str, Any]


def rehearsal(item: Rehearsal) -> Shape:
    """Return the Rehearsal shape."""
    return {
        "at": item.at,
        "verdict": item.verdict,
        "sentence": item.sentence,
        "failing": item.failing,
        "runs": item.runs,
        "secondsP50": round(item.p50, 1),
        "secondsP90": round(item.p90, 1),
        "secondsP99": round(item.p99, 1),
        "blockers": [_blocker(each) for each in sorted(item.blockers, key=lambda each: not each.fatal)],
        "outages": [_finding(each) for each in item.outages],
        "unplaced": [_finding(each) for each in item.homeless],
        "notes": [_finding(each) for each in item.notes],
        "waysOut": list(item.ways_out),
        "lacking": list(item.lacking),
    }


def _blocker(item: Foreseen) -> Shape:
    return {
        "pod": item.pod,
        "budget": item.budget or None,
        "code": item.code,
        "sentence": item.because,
        "help": item.help or None,
        "fatal": item.fatal,
    }


def _finding(item: Finding) -> Shape:
    return {"code": item.code, "kind": item.kind, "name": item.name, "sentence": item.sentence}
