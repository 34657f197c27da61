"""What a rehearsal of a version update foretold, in the form in which a service keeps it. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nodeyard.model.nodegroup import UpdateConfig

PASSES, AT_RISK, FAILS = "PASSES", "AT_RISK", "FAILS"


@dataclass(frozen=True, slots=True)
class Ask:
    """The update that is to be rehearsed, `update_id` where it has begun already.

    `runs` None: as many as its size allows.

    Units: `drain_limit_s` is simulated seconds; `speed` is how many of them pass in a second of the
    cluster's timestamps.
    """

    nodegroup: str
    update_config: UpdateConfig
    drain_limit_s: float
    force: bool = False
    runs: int | None = None
    ways_out: bool = True
    speed: float = 1.0
    update_id: str | None = None
    launched: dict[str, datetime] = field(default_factory=dict)
    """Instance of the group -> when its launch began, where that is known."""
    zones: tuple[str, ...] = ()
    """In which the group may have nodes, where that is known."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A pod that could not be evicted, with what holds it. `fatal`: the update failed on it."""

    pod: str
    budget: str
    code: str
    because: str
    help: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a workload or pod, `kind` and `namespace/name`, in one sentence."""

    code: str
    kind: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One answer. Units: seconds until the update ends, well or not; `failing` is a share of the runs."""

    at: datetime
    verdict: str
    failing: float
    sentence: str
    p50: float
    p90: float
    p99: float
    runs: int
    budgets: tuple[str, ...] = ()
    """Those on which it fails where it does, whatever the verdict."""
    blockers: tuple[Foreseen, ...] = ()
    outages: tuple[Finding, ...] = ()
    homeless: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    ways_out: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
