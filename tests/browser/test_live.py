"""The live view of an update: lost and found, beside a service that hangs, in pages that nobody sees."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import GROUP, described
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, Service

SPEED = "30"
UNHURRIED = "8"
"""A drain gives up after 15 minutes: here it must not before this is played, on whatever machine."""
PATIENCE_S = 30.0


@pytest.mark.timeout(300)
def test_an_update_is_watched_lost_found_and_cancelled(
    console: Console, eks: Any, service: Service, held: None
) -> None:
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    console.open("/clusters/eksngdemo")
    console.press("Workloads", "tab")
    row = console.row("web")
    row.get_by_text("Holds the drain").wait_for()
    row.get_by_text("scale the workload to 3 replicas").wait_for()
    assert "minAvailable 2" in row.inner_text()
    console.open(f"{GROUP}/update")
    console.press("Update")
    console.text("Disruption budget default/web")
    before = drawn(console, {"QUEUED", "DRAINING", "BLOCKED", "LAUNCHING", "READY"})
    console.window.reload()
    console.text("Disruption budget default/web")
    sees_again(console, before)

    service.kill()
    console.text(re.compile("^No answer from the service since .*[AP]M$"))
    port = str(urlsplit(service.endpoint).port)
    service.start("--account-id", ACCOUNT, "--speed", UNHURRIED, "--port", port)
    console.text(re.compile("^Live$"))
    console.window.get_by_text("No answer").first.wait_for(state="hidden")
    console.text("Disruption budget default/web")
    sees_again(console, before)

    silence_is_told(console)
    console.press("Cancel update")
    console.text("Cancelled")
    console.see("button", "Update again")
    yard.set_budget(service, 0)
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def silence_is_told(console: Console) -> None:
    """A service that takes requests and answers none, as one that hangs: nothing fails, and nothing comes."""
    looks = re.compile("/nodeyard/v1/clusters/.*/progress")
    console.window.clock.install()
    console.window.reload()
    console.text(re.compile("^Live$"))
    console.window.route(looks, lambda route: None)
    with console.window.expect_request(looks):
        console.window.clock.run_for(5_000)
    console.window.clock.run_for(12_000)
    console.text(re.compile("^No answer from the service since .*[AP]M$"))
    with console.window.expect_request(looks):  # the one that hangs is given up for another
        console.window.clock.run_for(20_000)
    console.window.unroute(looks)
    console.window.clock.run_for(30_000)
    console.text(re.compile("^Live$"))
    broken = {
        "status": 500,
        "headers": {"x-amzn-errortype": "ServerException"},
        "json": {"message": "no disk"},
    }
    console.window.route(looks, lambda route: route.fulfill(**broken))
    console.window.clock.run_for(5_000)
    console.text(re.compile("^The service has not told the update since .*[AP]M$"))
    console.text("ServerException: no disk")
    console.window.unroute(looks)
    console.window.clock.run_for(5_000)
    console.text(re.compile("^Live$"))
    console.window.clock.resume()


def drawn(console: Console, lanes: set[str]) -> dict[str, list[str]]:
    """Wait until these lanes are drawn, and return the way of every node."""
    limit = time.monotonic() + PATIENCE_S
    while not lanes <= set().union(*(ways := console.ways()).values()):
        assert time.monotonic() < limit, ways
        console.window.wait_for_timeout(100)
    return ways


def sees_again(console: Console, before: dict[str, list[str]]) -> None:
    """Wait until every node has the way again that it had."""
    limit = time.monotonic() + PATIENCE_S
    while not all(set(way) <= set(console.ways().get(node, ())) for node, way in before.items()):
        assert time.monotonic() < limit, (before, console.ways())
        console.window.wait_for_timeout(100)


HIDDEN = "Object.defineProperty(document, 'hidden', {get: () => window.unseen === true})"
SEEN = "(unseen) => { window.unseen = unseen; document.dispatchEvent(new Event('visibilitychange')); }"
LINES_OF_A_BROWSER = 6
"""To one host, for all pages together. Source: Chromium, net/socket/client_socket_pool_manager.cc."""


def test_pages_that_nobody_sees_take_no_line_from_those_that_one_sees(
    console: Console, eks: Any, service: Service
) -> None:
    context = console.window.context
    context.add_init_script(HIDDEN)
    pages = [context.new_page() for _ in range(LINES_OF_A_BROWSER + 1)]
    for page in pages:
        Console(page, service.endpoint).open(GROUP)
        page.get_by_text(described(eks)["nodegroupArn"]).first.wait_for()
        page.evaluate(SEEN, True)
    first = Console(pages[0], service.endpoint)
    answer = eks.update_nodegroup_config(
        clusterName=yard.CLUSTER, nodegroupName="blue", scalingConfig={"maxSize": 9}
    )
    pages[0].evaluate(SEEN, False)
    first.press("Events", "tab")
    first.text(answer["update"]["id"])
    for page in pages:
        page.close()
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_all_that_a_page_shows_hears_of_events_over_one_line(console: Console, eks: Any) -> None:
    lines: list[str] = []
    own = re.compile(r"/nodeyard/v1/events\?")
    console.window.on("request", lambda sent: lines.append(sent.url) if own.search(sent.url) else None)
    console.open(GROUP)
    for tab in ("Nodes", "Updates", "Events"):
        console.press(tab, "tab")
        console.loaded()
    assert len(lines) == 1


HELD = {
    "code": "BudgetCanNeverBeMet",
    "pod": "default/web-1",
    "nodeName": "ip-1.internal",
    "budget": "default/web",
    "sentence": "pod default/web-1 cannot be evicted",
    "help": "scale the workload to 3 replicas",
    "secondsSo": 60,
    "secondsLeft": 840,
    "then": "INSTANCE_TERMINATES",
}


def test_what_holds_a_group_without_an_update_is_shown_on_its_page_and_in_the_list(
    console: Console, eks: Any
) -> None:
    """As told of a smaller size, a repair or a deletion, which hold no longer than a test may take."""

    def held(route: Any) -> None:
        answer = route.fetch()
        groups = [{**each, "blockers": [HELD]} for each in answer.json()["nodegroups"]]
        route.fulfill(response=answer, json={"nodegroups": groups})

    console.window.route(re.compile("/nodeyard/v1/nodegroups"), held)
    console.open(GROUP)
    console.text("Disruption budget default/web can never allow an eviction")
    console.text("14m00s, then the instance is terminated all the same")
    console.open("/clusters/eksngdemo")
    console.row("blue").get_by_text("Pods that do not leave their nodes: 1").wait_for()
    console.window.unroute_all(behavior="wait")
