"""The console as its tests use it: by what a reader sees and hears, never by classes of components."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nodeyard.api.console import BUILT

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "docs" / "console"
SERIOUS = ("serious", "critical")
assert BUILT.is_relative_to(ROOT)


class Console:
    """One window. `shots`: where pictures are kept; None keeps none."""

    def __init__(self, window: Any, endpoint: str, shots: Path | None = None) -> None:
        self.window = window
        self.endpoint = endpoint
        self.shots = shots

    def open(self, route: str = "/clusters") -> None:
        self.window.goto(f"{self.endpoint}/console/#{route}")
        self.see("banner")

    def see(self, role: str, name: str | re.Pattern[str] | None = None, *, exact: bool = False) -> Any:
        """Wait until something of a role and name is there and return it."""
        found = self.window.get_by_role(role, name=name, exact=exact).first
        found.wait_for()
        return found

    def text(self, text: str | re.Pattern[str]) -> Any:
        found = self.window.get_by_text(text).first
        found.wait_for()
        return found

    def press(self, name: str | re.Pattern[str], role: str = "button", *, exact: bool = True) -> None:
        self.window.get_by_role(role, name=name, exact=exact).first.click()

    def fill(self, label: str, text: str) -> None:
        named = self.window.get_by_label(label, exact=True)
        named.and_(self.window.locator("input")).first.fill(text)

    def row(self, name: str) -> Any:
        """Wait for the row of a table that begins with a name, and return it."""
        found = self.window.get_by_role("row").filter(has=self.window.get_by_text(name, exact=True)).first
        found.wait_for()
        return found

    def picture(self, name: str, height: int = 900) -> None:
        """Keep a picture of the window, made higher where more is to be seen. Units: pixels."""
        if self.shots is None:
            return
        self.shots.mkdir(exist_ok=True)
        self.window.set_viewport_size({"width": 1280, "height": height})
        self.window.screenshot(path=self.shots / f"{name}.png", animations="disabled")
        self.window.set_viewport_size({"width": 1280, "height": 900})

    def findings(self) -> list[str]:
        """Return what axe calls serious about the page as it is."""
        self.window.evaluate(AXE.read_text(encoding="utf-8"))
        violations = json.loads(self.window.evaluate("axe.run().then(r => JSON.stringify(r.violations))"))
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in violations
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def body(self) -> str:
        return str(self.window.locator("body").inner_text())
