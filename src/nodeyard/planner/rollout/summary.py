"""What holds the pods of a failed update, in one sentence that somebody can still read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.model.drain import Blocker
from nodeyard.planner.words import counted

_TOLD = 3


def summed_up(blockers: Sequence[Blocker]) -> str:
    """Return what holds the first pods in full, and of the others how many there are and by what budgets."""
    ordered = _one_a_budget_first(blockers)
    told, rest = ordered[:_TOLD], ordered[_TOLD:]
    why = "; ".join(f"{each.sentence} (node {each.node}; help: {each.help})" for each in told)
    if not rest:
        return why
    why += f"; and {counted(len(rest), 'pod')} more"
    unnamed = sorted({each.budget for each in rest if each.budget} - {each.budget for each in told})
    if unnamed:
        some = "" if all(each.budget in unnamed for each in rest) else "some of them "
        why += f", {some}held by {', '.join(f'PodDisruptionBudget {each}' for each in unnamed)}"
    return why


def _one_a_budget_first(blockers: Sequence[Blocker]) -> list[Blocker]:
    """Return blockers so that a sentence about the first few names as many budgets as it can."""
    seen: set[str] = set()
    first: list[Blocker] = []
    others: list[Blocker] = []
    for each in blockers:
        (others if each.budget and each.budget in seen else first).append(each)
        seen.add(each.budget)
    return first + others
