"""What is to be rehearsed: the group, how the update is asked for, how often chance is tried. A value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nodeyard.model.limits import DRAIN_LIMIT_S
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.rehearse.snapshot import SnapshotRefused

RUNS = 100
RUNS_LEAST = 5
PODS_MOVED = 10_000
"""Pods of the group times runs of a rehearsal that was not told how many runs to make: minutes of work."""
RUNS_MAX = 10_000
DRAIN_LIMIT_MAX_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Request:
    """The update that is rehearsed. Bounds: `checked` tells what is refused."""

    group: str
    update_config: UpdateConfig = field(default_factory=UpdateConfig)
    release: str | None = None
    """The release to go to; it is told, and what it contains changes nothing in a rehearsal."""
    drain_limit_s: float = DRAIN_LIMIT_S
    force: bool = False
    runs: int = RUNS
    seed: int = 1
    update_id: str | None = None
    """The update that is about to begin, where it is known: its dice give the order of the nodes."""

    def with_config(self, **changes: object) -> Request:
        """Return the request with another part of its update configuration."""
        return replace(self, update_config=replace(self.update_config, **changes))  # type: ignore[arg-type]


def usual_runs(pods: int) -> int:
    """Return how many runs a rehearsal makes that was not told. `pods` are those on the group's nodes."""
    return max(RUNS_LEAST, min(RUNS, PODS_MOVED // max(pods, 1)))


def checked(request: Request) -> Request:
    """Return a request that can be rehearsed. Raises: SnapshotRefused."""
    if not 1 <= request.runs <= RUNS_MAX:
        raise SnapshotRefused(f"--runs must be from 1 to {RUNS_MAX:,}, not {request.runs:,}.")
    if not 0 < request.drain_limit_s <= DRAIN_LIMIT_MAX_S:
        raise SnapshotRefused("--drain-timeout must be above 0 and at most 7 days.")
    return request


def unavailable(text: str) -> UpdateConfig:
    """Return the update configuration that `3` or `20%` stands for. Raises: SnapshotRefused."""
    number, percent, rest = text.strip().partition("%")
    if rest or not number.isdigit() or not 1 <= int(number) <= 100:
        raise SnapshotRefused(
            "--max-unavailable must be a number or a percentage from 1 to 100, such as 2 or 20%, "
            f"not {text!r}."
        )
    if percent:
        return UpdateConfig(max_unavailable=None, max_unavailable_percentage=int(number))
    return UpdateConfig(max_unavailable=int(number))
