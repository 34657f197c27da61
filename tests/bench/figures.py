"""Figures with the conditions they were measured under: a table for people, JSON for whoever compares.

Used by the benchmarks through the `figures` fixture. A bar that is missed is shown and fails
nothing: a busy machine must not turn the tests red.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

FILE = Path(__file__).parents[2] / ".nodeyard" / "figures.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. `bar`: what the project holds itself to, None where it promises nothing."""

    what: str
    value: float
    unit: str
    conditions: str
    bar: float | None = None
    at_least: bool = False
    """True: more is better, the bar is a minimum."""

    @property
    def verdict(self) -> str:
        if self.bar is None:
            return ""
        held = self.value >= self.bar if self.at_least else self.value <= self.bar
        return "held" if held else "missed"


@dataclass(slots=True)
class Figures:
    """What one run has measured so far."""

    all: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.all.append(figure)

    def show(self) -> None:
        """Print the table to standard output."""
        table = Table(title="Figures", caption="; ".join(f"{k} {v}" for k, v in machine().items()))
        for name in ("figure", "value", "bar", "", "conditions"):
            table.add_column(
                name, justify="right" if name in ("value", "bar") else "left", no_wrap=name == ""
            )
        for each in self.all:
            sign = "" if each.bar is None else ("≥ " if each.at_least else "≤ ")
            bar = "" if each.bar is None else f"{sign}{each.bar:g} {each.unit}"
            table.add_row(each.what, f"{each.value:,.4g} {each.unit}", bar, each.verdict, each.conditions)
        wide = None if sys.stdout.isatty() else 140
        Console(width=wide).print("\n", table)

    def write(self, path: Path = FILE) -> None:
        """Write conditions and figures as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [{**asdict(each), "verdict": each.verdict} for each in self.all]
        path.write_text(
            json.dumps({"machine": machine(), "figures": rows}, indent=2) + "\n", encoding="utf-8"
        )


def machine() -> dict[str, str]:
    """Return what a reader must know of the machine to compare figures."""
    return {
        "processors": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }


def percentile(values: list[float], share: float) -> float:
    """Return the value that a share of the values does not exceed. Bounds: 0 < share <= 1."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]
