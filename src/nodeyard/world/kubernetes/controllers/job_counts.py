"""What a Job knows of its pods: how they ended, which indexes are done, what its rules say to failures.

Called by the Job controller. Pure.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.pods import is_leaving, is_true

Obj = dict[str, Any]

INDEX = "batch.kubernetes.io/job-completion-index"


def index_of(pod: Obj) -> int | None:
    """Return the completion index of a pod of an Indexed job."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX)
    return int(text) if text is not None else None


def read_indexes(text: str) -> set[int]:
    """Return the numbers of a text such as `0-2,5`."""
    found: set[int] = set()
    for part in text.split(","):
        if part:
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def write_indexes(numbers: set[int]) -> str:
    """Return numbers in the form `0-2,5`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    # Two neighbours are written one by one, as the Job controller of Kubernetes does.
    return ",".join(_span(first, last) for first, last in parts)


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first},{last}" if last == first + 1 else f"{first}-{last}"


def has_failed(pod: Obj) -> bool:
    """Tell whether a pod counts as failed: it failed, or goes before it has succeeded."""
    phase = pod["status"].get("phase")
    return bool(phase == "Failed" or (is_leaving(pod) and phase != "Succeeded"))


def verdict(job: Obj, pod: Obj) -> tuple[str, str]:
    """Return what the failure policy of a job does about a failed pod, and why: Count, Ignore or FailJob."""
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    name = f"{pod['metadata'].get('namespace')}/{pod['metadata']['name']}"
    for number, rule in enumerate(rules):
        for pattern in rule.get("onPodConditions") or ():
            if is_true(pod, pattern["type"]) == (pattern.get("status", "True") == "True"):
                why = f"Pod {name} has condition {pattern['type']} matching {rule['action']} rule at index"
                return rule["action"], f"{why} {number}"
        found = _exit_code(rule.get("onExitCodes"), pod)
        if found is not None:
            container, code = found
            why = f"Container {container} for pod {name} failed with exit code {code} matching"
            return rule["action"], f"{why} {rule['action']} rule at index {number}"
    return "Count", ""


def _exit_code(rule: Obj | None, pod: Obj) -> tuple[str, int] | None:
    if rule is None:
        return None
    for each in pod["status"].get("containerStatuses") or ():
        code = ((each.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
        if not code or rule.get("containerName") not in (None, each["name"]):
            continue
        if (code in rule.get("values", ())) == (rule["operator"] == "In"):
            return each["name"], code
    return None


def restarts(pods: list[Obj]) -> int:
    """Return how often containers of pods were started again."""
    states = (each for pod in pods for each in pod["status"].get("containerStatuses") or ())
    return sum(int(each.get("restartCount") or 0) for each in states)
