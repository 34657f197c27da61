"""The judgement: an explicit deny wins, then an allow, and without one the answer is no.

Source: IAM User Guide, policy evaluation logic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nodeyard.access import patterns
from nodeyard.access.conditions import Condition, Context, Either, holds
from nodeyard.access.policy import Policy, Statement


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: may this action be done on this resource, in these circumstances?"""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class Verdict:
    """`explicit`: a statement says no; otherwise none says yes."""

    allowed: bool
    explicit: bool = False


def decide(policies: Iterable[Policy], ask: Ask) -> Verdict:
    """Return the verdict of all policies together. Raises: nothing."""
    # Only keys with a single value can be variables.
    variables = {key: value for key, value in ask.context.items() if isinstance(value, str)}
    allowed = False
    for policy in policies:
        known = variables if policy.has_variables else None
        for statement in policy.statements:
            if not _applies(statement, ask, known):
                continue
            if not statement.allows:
                return Verdict(False, explicit=True)
            allowed = True
    return Verdict(allowed)


def _applies(statement: Statement, ask: Ask, variables: Mapping[str, str] | None) -> bool:
    action = ask.action.lower()
    named = any(patterns.like(each.lower(), action) for each in statement.actions)
    if named is statement.not_actions:
        return False
    reached = any(patterns.like(each, ask.resource, variables) for each in statement.resources)
    if reached is statement.not_resources:
        return False
    return all(_met(each, ask.context, variables, statement.allows) for each in statement.conditions)


def _met(condition: Condition, context: Context, variables: Mapping[str, str] | None, allows: bool) -> bool:
    key = condition.key.lower()
    found = context.get(key)
    if not isinstance(found, Either):
        return holds(condition, context, variables)
    # Whichever is meant: what allows must hold for each of them, what denies for one.
    each = [holds(condition, {**context, key: value}, variables) for value in found]
    return all(each) if allows else any(each)


def denied(caller: str, ask: Ask, verdict: Verdict) -> str:
    """Return the message of AccessDeniedException. Source: observed, as EKS words it."""
    suffix = " with an explicit deny" if verdict.explicit else ""
    return f"User: {caller} is not authorized to perform: {ask.action} on resource: {ask.resource}{suffix}"
