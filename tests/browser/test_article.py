"""The article's story in the console: a cluster without nodes, a node group in four steps, updates, its end.

Source: "How to run Amazon EKS clusters efficiently with Managed Node Group", March 2020. The pictures in
docs/console are made by this journey: `pytest tests/browser/test_article.py --update-screenshots`.
"""

from __future__ import annotations

import re

from tests.browser.conftest import publish
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import Service

NEW = "1.14.9-20200122"


def test_the_story_of_the_article_is_played_in_the_console(console: Console, service: Service) -> None:
    find_the_cluster(console)
    add_a_node_group(console)
    see_it_become_active(console)
    update_it_once_a_release_is_published(console, service)
    see_a_budget_hold_an_update(console, service)
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
    console.text(re.compile("load balancers get 60 s"))
    console.picture("update-live", height=1400)
    console.text("Successful")
    found = service.client("eks").describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName="ng1-by-console")
    assert found["nodegroup"]["releaseVersion"] == "1.14.10-20200301"


def see_a_budget_hold_an_update(console: Console, service: Service) -> None:
    publish(service, "1.14.10-20200401")
    yard.a_workload(service, replicas=2, available=2)
    console.open("/clusters/eksngdemo/nodegroups/ng1-by-console/update")
    console.press("Update")
    console.text("Disruption budget default/web")
    console.text(re.compile("PodDisruptionBudget default/web needs 2 healthy pods and has 2"))
    console.text("What helps:")
    console.picture("update-blocked", height=1500)
    yard.set_budget(service, 1)
    console.text("Successful")
    assert console.window.get_by_text("Disruption budget default/web").count() == 0


def delete_it(console: Console, name: str) -> None:
    console.open(f"/clusters/eksngdemo/nodegroups/{name}")
    console.press("Health", "tab")
    console.text("No health issues.")
    console.picture("health")
    console.press("Delete")
    dialog = console.see("dialog")
    confirm = dialog.get_by_role("button", name="Delete", exact=True)
    assert confirm.is_disabled()
    dialog.get_by_role("textbox").fill(name)
    console.picture("delete")
    confirm.click()
    console.text("This cluster has no node groups yet.")
