"""For everybody: axe on every route in light and dark, the keyboard alone, Chinese, a small first load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import watched, window_of
from tests.browser.console import Console
from tests.browser.strings import strings
from tests.e2e import yard
from tests.e2e.service import Service

SPEED = "200"
FIRST_LOAD_BYTES_MAX = 400_000
NAMES = re.compile(
    "Nodeyard|aws CLI|boto3|Terraform|eksctl|blue|eksngdemo|cn-north-1|VPC|ARN|AL2|English|DEFAULT|MINIMAL|"
    "On-Demand|Pod"
)
"""What is called the same in every language."""
CHINESE = strings("zh") | {"next": "下一步"}
"""`next` is a text of the design system."""
HAN = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def update(service: Service) -> str:
    """The id of an update of the node group blue that has begun."""
    yard.a_group(service, "blue", 2, releaseVersion="1.14.7-20190927")
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    answer = service.client("eks").update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")
    return str(answer["update"]["id"])


Walk = Iterator[str]


def places(console: Console, update: str, say: dict[str, str]) -> Walk:
    """Open everything that the console can show, one after the other, and yield what it is."""
    group = "/clusters/eksngdemo/nodegroups/blue"
    for route, there in (
        ("/clusters", "eksngdemo"),
        ("/nowhere", say["nowhere.title"]),
        (f"{group}/edit", say["action.save"]),
        (f"{group}/update", say["rehearsal.failing"]),
        (f"{group}/updates/{update}", say["progress.phases"]),
    ):
        console.open(route)
        console.text(there)
        console.loaded()
        yield route
    for route, there in (("/clusters/eksngdemo", "tab.compute"), (group, "tab.health")):
        console.open(route)
        console.see("tab", say[there])
        console.loaded()
        assert console.window.get_by_role("tab").count() >= 5, "every tab is walked"
        for tab in console.window.get_by_role("tab").all():
            tab.click()
            console.loaded()
            yield f"{route} {tab.inner_text()}"
    console.press(say["action.delete"])
    console.see("dialog")
    yield f"{group} delete"
    console.window.keyboard.press("Escape")
    console.open("/clusters/eksngdemo/add-nodegroup")
    console.fill(say["field.name"], "walked")
    console.fill(say["field.nodeRole"], yard.ROLE)
    console.window.keyboard.press("Escape")
    for step in ("add.configure", "add.compute", "add.network", "add.review"):
        console.see("heading", say[step])
        console.loaded()
        yield f"wizard {step}"
        if step != "add.review":
            console.press(say["next"])


@pytest.fixture
def other(chromium: Any, service: Service) -> Iterator[Console]:
    window = window_of(chromium, language="zh-CN", scheme="dark")
    yield from watched(window, Console(window, service.endpoint))


def test_everything_is_there_in_chinese_and_axe_finds_nothing_in_light_and_dark(
    other: Console, update: str
) -> None:
    found = {}
    for place in places(other, update, CHINESE):
        for scheme, dark in (("light", 0), ("dark", 1)):
            other.window.emulate_media(color_scheme=scheme)
            other.window.wait_for_function(
                f"() => document.querySelectorAll('body.awsui-dark-mode').length === {dark}"
            )
            if findings := other.findings():
                found[f"{place} {scheme}"] = findings
        assert "undefined" not in other.body(), place
        if place.endswith("/update"):
            # Nodes that the update has replaced by now are not played again: it may be none.
            told = re.search("本次更新会成功：.*", other.body())
            assert told and not re.search("[a-z]{4}", told[0]), other.body()
        texts = other.window.locator("h1, h2, h3, button, thead th, label, [role=tab]").all_inner_texts()
        plain = [text for text in texts if re.search("[A-Za-z]{3}", text) and not HAN.search(text)]
        assert [text for text in plain if not NAMES.search(text)] == [], place
    assert other.window.locator("html").get_attribute("lang") == "zh-CN"
    assert found == {}


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
