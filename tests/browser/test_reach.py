"""For everybody: axe on every route in light and dark, the keyboard alone, Chinese, a small first load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import watched, window_of
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import Service

SPEED = "200"
FIRST_LOAD_BYTES_MAX = 400_000
NAMES = re.compile("Nodeyard|blue|eksngdemo|cn-north-1|VPC|ARN|AL2|English|DEFAULT|MINIMAL|On-Demand|Pod")
"""What is called the same in every language."""
HAN = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def update(service: Service) -> str:
    """The id of an update of the node group blue that has begun."""
    yard.a_group(service, "blue", 2, releaseVersion="1.14.7-20190927")
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    answer = service.client("eks").update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")
    return str(answer["update"]["id"])


def routes(update: str) -> list[tuple[str, str]]:
    """Return every route with a text that stands there once it is loaded, in both languages."""
    group = "/clusters/eksngdemo/nodegroups/blue"
    return [
        ("/clusters", r"1\.14"),
        ("/clusters/eksngdemo", "blue"),
        ("/clusters/eksngdemo/add-nodegroup", "Auto repair|auto repair|自动修复"),
        (group, r"arn:aws-cn:eks"),
        (f"{group}/edit", "auto repair|自动修复"),
        (f"{group}/update", "MINIMAL"),
        (f"{group}/updates/{update}", "VersionUpdate|Upgrade|升级"),
    ]


@pytest.fixture(params=["light", "dark"])
def themed(chromium: Any, service: Service, request: pytest.FixtureRequest) -> Iterator[Console]:
    window = window_of(chromium, scheme=request.param)
    yield from watched(window, Console(window, service.endpoint))


def test_axe_finds_nothing_serious_on_any_route(themed: Console, update: str) -> None:
    found = {}
    for route, loaded in routes(update):
        themed.open(route)
        themed.text(re.compile(loaded))
        if findings := themed.findings():
            found[route] = findings
        assert "undefined" not in themed.body()
    assert found == {}


@pytest.fixture
def chinese(chromium: Any, service: Service) -> Iterator[Console]:
    window = window_of(chromium, language="zh-CN")
    yield from watched(window, Console(window, service.endpoint))


def test_every_route_is_there_in_chinese(chinese: Console, update: str) -> None:
    for route, loaded in routes(update):
        chinese.open(route)
        chinese.text(re.compile(loaded))
        texts = chinese.window.locator("h1, h2, button, th, label, [role=tab]").all_inner_texts()
        plain = [text for text in texts if re.search("[A-Za-z]{3}", text) and not HAN.search(text)]
        assert [text for text in plain if not NAMES.search(text)] == [], route
    assert chinese.window.locator("html").get_attribute("lang") == "zh-CN"


def test_the_language_is_switched_and_kept(console: Console) -> None:
    console.open()
    console.press("Language", exact=False)
    console.press("简体中文", "menuitem")
    console.see("heading", "集群")
    console.window.reload()
    console.see("heading", "集群")


def test_the_first_page_is_small(console: Console) -> None:
    sizes: list[int] = []
    console.window.on("requestfinished", lambda sent: sizes.append(sent.sizes()["responseBodySize"]))
    console.open()
    console.row("eksngdemo")
    assert 0 < sum(sizes) < FIRST_LOAD_BYTES_MAX


def test_a_node_group_is_added_and_updated_with_the_keyboard_alone(
    console: Console, service: Service
) -> None:
    keys = console.window.keyboard
    console.open("/clusters/eksngdemo/add-nodegroup")
    console.see("heading", "Configure node group")
    tab_to(console, "Name")
    keys.type("by-keyboard")
    tab_to(console, "Node IAM role")
    keys.type(yard.ROLE)
    keys.press("Escape")
    for heading in ("Set compute and scaling", "Specify networking", "Copy as"):
        tab_to(console, "Next")
        keys.press("Enter")
        console.see("heading", heading)
    tab_to(console, "Create")
    keys.press("Enter")
    console.see("heading", "by-keyboard")
    service.until(lambda: yard.status(service, "by-keyboard") == "ACTIVE")
    tab_to(console, "Update version")
    keys.press("Enter")
    console.see("heading", "Update by-keyboard")
    tab_to(console, "Update")
    keys.press("Enter")
    console.see("heading", "Update of by-keyboard")


FOCUSED = """() => {
  const at = document.activeElement;
  const named = document.getElementById(at.getAttribute('aria-labelledby')?.split(' ')[0]);
  return at.labels?.[0]?.innerText || named?.innerText || at.getAttribute('aria-label') || at.innerText || '';
}"""
TABS_MAX = 120


def tab_to(console: Console, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    seen = []
    for _ in range(TABS_MAX):
        console.window.keyboard.press("Tab")
        seen.append(console.window.evaluate(FOCUSED).strip())
        if seen[-1] == name:
            return
    raise AssertionError(f"{name!r} is never reached by Tab: {seen}")
