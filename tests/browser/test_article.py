"""The article's story in the console: a cluster without nodes, a node group in four steps, updates, its end.

Source: "How to run Amazon EKS clusters efficiently with Managed Node Group", March 2020. The pictures in
docs/console are made by this journey: `pytest tests/browser/test_article.py --update-screenshots`.
"""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import publish
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import Service

SPEED = "200"
NEW = "1.14.9-20200122"


@pytest.mark.timeout(300)
def test_the_story_of_the_article_is_played_in_the_console(console: Console, service: Service) -> None:
    find_the_cluster(console)
    add_a_node_group(console)
    see_it_become_active(console)
    update_it_once_a_release_is_published(console, service)
    see_a_rolling_update_fail_on_a_budget(console, service)
    update_it_by_force(console, service)
    see_that_it_is_not_well(console, service)
    delete_it(console, "ng1-by-console")


def find_the_cluster(console: Console) -> None:
    console.open()
    assert "ACTIVE" in console.row("eksngdemo").inner_text()
    console.picture("clusters")
    console.press("eksngdemo", "link")
    console.text("This cluster has no node groups yet.")
    console.picture("cluster-without-groups")


def add_a_node_group(console: Console) -> None:
    console.press("Add node group")
    console.fill("Name", "ng1-by-console")
    console.fill("Node IAM role", yard.ROLE)
    console.window.keyboard.press("Escape")
    console.picture("add-1-configure")
    console.press("Next")
    console.see("heading", "Set compute and scaling")
    console.fill("Desired size", "2")
    console.fill("Maximum size", "4")
    console.picture("add-2-compute")
    console.press("Next")
    console.see("heading", "Specify networking")
    console.picture("add-3-network")
    console.press("Next")
    console.see("heading", "Copy as")
    console.picture("add-4-review")
    console.press("Create")


def see_it_become_active(console: Console) -> None:
    console.see("heading", "ng1-by-console")
    console.text("ACTIVE")
    console.press("eksngdemo", "link")
    row = console.row("ng1-by-console").inner_text()
    assert NEW in row and "2 / 1 / 4" in row and "t3.medium" in row
    assert "Update now" not in row
    console.picture("cluster-with-group")
    console.press("Nodes", "tab")
    console.see("heading", re.compile(r"Nodes \(2\)"))
    assert console.window.get_by_role("row").filter(has_text="Ready").count() == 2
    console.press("Compute", "tab")


def update_it_once_a_release_is_published(console: Console, service: Service) -> None:
    publish(service, "1.14.10-20200301")
    row = console.row("ng1-by-console")
    row.get_by_role("link", name="Update now: ng1-by-console").click()
    console.see("heading", "Update ng1-by-console")
    console.text(re.compile(f"release 1.14.10-20200301 is newer than {NEW}"))
    console.picture("update")
    console.press("Update")
    console.see("heading", "Update of ng1-by-console")
    if console.shots:
        console.text(re.compile("load balancers get 60 s"))
        console.picture("update-live", height=1400)
    console.text("Successful")
    old = [way for way in console.ways().values() if way[0] == "QUEUED"]
    assert len(old) == 2 and all({"DRAINING", "PAUSING", "TERMINATING"} <= set(way) for way in old), old
    assert release(service) == "1.14.10-20200301"


def see_a_rolling_update_fail_on_a_budget(console: Console, service: Service) -> None:
    publish(service, "1.14.10-20200401")
    yard.a_workload(service, replicas=2, available=2)
    console.open("/clusters/eksngdemo/nodegroups/ng1-by-console/update")
    if console.shots:
        console.text("Any one of these lets it pass")
        console.picture("update-rehearsed", height=1250)
    console.press("Update")
    console.text("Disruption budget default/web")
    console.text(re.compile("PodDisruptionBudget default/web needs 2 healthy pods and has 2"))
    console.text("What helps:")
    assert told(console, "Blocked for") <= told(console, "Elapsed")
    console.picture("update-blocked", height=1500)
    console.text("Failed")
    console.text("PodEvictionFailure")
    blocked = [way for way in console.ways().values() if "BLOCKED" in way]
    assert blocked and not any("LAUNCHING" in way for way in blocked), console.ways()
    assert all(
        way.index("LAUNCHING") < way.index("READY") for way in console.ways().values() if "LAUNCHING" in way
    )
    console.picture("update-failed", height=1100)
    assert release(service) == "1.14.10-20200301"


def told(console: Console, label: str) -> int:
    """Return the seconds of the time that stands below a label."""
    time = re.search(rf"^{label}\n+((?:\d+[hms])+)", console.body(), re.MULTILINE)
    assert time is not None, console.body()
    parts = re.findall(r"(\d+)([hms])", time[1])
    return sum(int(count) * {"h": 3600, "m": 60, "s": 1}[unit] for count, unit in parts)


def update_it_by_force(console: Console, service: Service) -> None:
    console.press("ng1-by-console", "link")
    console.text("ACTIVE")
    console.press("Update version")
    console.window.get_by_role("radio", name="Force update").check()
    console.text("Pods may be killed against their disruption budgets.")
    console.press("Force update")
    console.see("heading", "Update of ng1-by-console")
    console.text("Successful")
    assert release(service) == "1.14.10-20200401"


def see_that_it_is_not_well(console: Console, service: Service) -> None:
    ec2 = service.client("ec2")
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    ec2.delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    console.open("/clusters/eksngdemo/nodegroups/ng1-by-console")
    console.text("DEGRADED")
    console.press("Health", "tab", exact=False)
    issue = console.row("Ec2LaunchTemplateNotFound")
    said = issue.inner_text()
    assert template["LaunchTemplateId"] in said and "create a new node group" in said
    console.picture("health")


def release(service: Service) -> str:
    names = {"clusterName": yard.CLUSTER, "nodegroupName": "ng1-by-console"}
    return str(service.client("eks").describe_nodegroup(**names)["nodegroup"]["releaseVersion"])


def delete_it(console: Console, name: str) -> None:
    console.press("Delete")
    dialog = console.see("dialog")
    confirm = dialog.get_by_role("button", name="Delete", exact=True)
    assert confirm.is_disabled()
    dialog.get_by_role("textbox").fill(name)
    console.picture("delete")
    confirm.click()
    console.text("This cluster has no node groups yet.")
