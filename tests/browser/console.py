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
WAYS = """() => Object.fromEntries([...document.querySelectorAll('.lane')].map(lane => [
  lane.querySelector('b').innerText,
  [...lane.querySelectorAll('.lane-span')].map(each => each.className.split('lane-')[2]),
]))"""
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
        try:
            found.wait_for()
        except Exception as late:
            raise AssertionError(f"{text!r} is not on the page:\n{self.body()}") from late
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

    def loaded(self) -> None:
        """Wait until nothing on the page says that it is loading."""
        loading = self.window.get_by_text(re.compile("^(Loading|Rehearsing|正在加载|正在演练)$"))
        self.window.wait_for_function("() => document.querySelector('h1') !== null")
        while loading.count():
            loading.first.wait_for(state="hidden")

    def ways(self) -> dict[str, list[str]]:
        """Return instance -> the lanes that it was in, in order, as the live view draws them."""
        found: dict[str, list[str]] = self.window.evaluate(WAYS)
        return found

    def findings(self) -> list[str]:
        """Return what axe calls serious about the page as it is."""
        if not self.window.evaluate("'axe' in window"):
            self.window.evaluate(AXE.read_text(encoding="utf-8"))
        run = "axe.run({resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))"
        violations = json.loads(self.window.evaluate(run))
        return [
            f"{each['id']}: {each['help']}: {node['html'][:200]}"
            for each in violations
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def body(self) -> str:
        return str(self.window.locator("body").inner_text())
