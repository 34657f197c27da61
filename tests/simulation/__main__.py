"""`make simulate SEEDS=1000`: play seeds, and say how to repeat those that fail.

python -m tests.simulation --seeds 1000            as many seeds from --base on (by the clock unless given)
python -m tests.simulation --seeds 1 --base 4711   one seed, with its story and its trace's digest
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import gc
import hashlib
import sys
import time
from collections import Counter

from nodeyard.simulation import Chronicle, Simulation
from tests.simulation.run import Run, play, quiet

STORY_LINES = 60


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--base", type=int, default=None, help="the first seed; by the clock unless given")
    parser.add_argument("--trace", action="store_true", help="print every line of what happened")
    asked = parser.parse_args()
    base = int(time.time()) % 1_000_000_000 if asked.base is None else asked.base
    quiet()
    # A run makes few cycles and many values: cycles are looked for between two runs.
    gc.freeze()
    gc.disable()
    if asked.seeds == 1:
        return _one(base, trace=asked.trace)
    return _many(range(base, base + asked.seeds))


def _one(seed: int, *, trace: bool) -> int:
    stories: list[Chronicle] = []

    def watch(simulation: Simulation) -> None:
        stories.append(Chronicle(simulation))

    run = play(seed, watch)
    if trace:
        print("\n".join(run.lines))
    elif run.problem:
        for story in stories:
            print("".join(story.text().splitlines(keepends=True)[-STORY_LINES:]))
    print(f"seed {seed}: {digest(run)} {', '.join(run.outcomes)}")
    _say(run)
    return int(bool(run.problem))


def _many(seeds: range) -> int:
    outcomes: Counter[str] = Counter()
    failed = 0
    begun = time.process_time()
    for seed in seeds:
        run = play(seed)
        gc.collect()
        outcomes.update(run.outcomes)
        failed += bool(run.problem)
        _say(run)
    took_s = time.process_time() - begun
    updates = sum(outcomes.values())
    for outcome, count in outcomes.most_common():
        print(f"{count:8,} {outcome}")
    print(
        f"{len(seeds):,} seeds from {seeds.start}, {updates:,} updates, "
        f"{60 * updates / took_s:,.0f} a minute of one core; {failed} seeds failed"
    )
    return int(failed > 0)


def _say(run: Run) -> None:
    if run.problem:
        print(f"seed {run.seed} FAILED: {run.problem}", file=sys.stderr)
        print(f"  repeat it with: make simulate SEEDS=1 BASE={run.seed}", file=sys.stderr)
        sys.stderr.flush()


def digest(run: Run) -> str:
    """Return what tells two traces apart."""
    return hashlib.sha256("\n".join(run.lines).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
