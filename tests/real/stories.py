"""Stories of node groups whose machines joined a real cluster, one function each. They play side by side.

The control plane lives in real time: of the 15 minutes of a drain its controllers have 15 seconds.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e import yard
from tests.real.stage import DEPLOYMENTS, MERGE, PODS, STRATEGIC, Obj, Stage

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
KUBEADM = Path(__file__).parents[2] / "docs" / "how-to" / "kubeadm-on-ec2.md"
USER_DATA = re.compile(r"^```bash user-data\n(.*?)^```$", re.M | re.S)
DAEMONS = "/apis/apps/v1/namespaces/default/daemonsets"


def nodes_join_with_labels_taints_and_leases(stage: Stage) -> None:
    taints = [{"key": "only", "value": "batch", "effect": "NO_SCHEDULE"}]
    stage.has_group(2, labels={"team": "payments"}, taints=taints)
    own = [{"key": "only", "value": "batch", "effect": "NoSchedule"}]
    # The controllers of the cluster take away the taint of nodes that were not Ready a little later.
    stage.until(lambda: all(each["spec"].get("taints") == own for each in stage.nodes().values()))
    found = stage.nodes()
    assert len(found) == 2 and all(yard.ready_since(each) for each in found.values())
    for each in found.values():
        assert each["metadata"]["labels"]["team"] == "payments"
        assert each["spec"]["providerID"].rpartition("/")[2] in yard.instances(stage.service)
        lease = stage.ask("GET", f"{LEASES}/{each['metadata']['name']}")
        assert lease["metadata"]["ownerReferences"][0]["uid"] == each["metadata"]["uid"]


def a_deployment_runs_until_its_group_is_deleted(stage: Stage) -> None:
    stage.has_group()
    stage.has_deployment(2)
    stage.has_budget(1)
    stage.eks.update_nodegroup_config(**stage.names, scalingConfig={"desiredSize": 2})
    stage.until(lambda: len([one for one in stage.nodes().values() if yard.ready_since(one)]) == 2)
    stage.scale(24)  # more than one node takes
    stage.until(lambda: stage.available() == 24)
    stage.has_no_budget()
    owners = {*stage.nodes()}
    stage.eks.delete_nodegroup(**stage.names)
    stage.until(lambda: yard.status(stage.service, stage.name) == "")
    stage.until(lambda: not stage.nodes())
    # The cluster's own collector takes what a node has owned.
    stage.until(
        lambda: not owners & {each["metadata"]["ownerReferences"][0]["uid"] for each in leases(stage)}
    )
    stage.ask("DELETE", f"{DEPLOYMENTS}/{stage.name}")


def leases(stage: Stage) -> list[Obj]:
    found: list[Obj] = stage.ask("GET", LEASES)["items"]
    return found


def an_update_goes_at_the_pace_that_a_budget_allows(stage: Stage) -> None:
    before = stage.has_group()
    stage.has_deployment(2)
    stage.has_budget(1)
    fewest = 2

    def look() -> None:
        nonlocal fewest
        fewest = min(fewest, stage.available())

    assert stage.ended(stage.begins(), look)["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 2)
    assert fewest >= 1


def a_budget_blocks_an_update_and_force_goes_on(stage: Stage) -> None:
    before = stage.has_group()
    stage.has_deployment(1)
    stage.has_budget(1)
    blocked = stage.ended(stage.begins())
    assert blocked["status"] == "Failed"
    (error,) = blocked["errors"]
    assert error["errorCode"] == "PodEvictionFailure"
    assert f"PodDisruptionBudget default/{stage.name}" in error["errorMessage"], error["errorMessage"]
    assert any(name in error["errorMessage"] for name in stage.pods())
    stage.until(lambda: not stage.issues())
    assert stage.ended(stage.begins(force=True))["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 1)


def two_budgets_on_a_pod_hold_an_update_and_it_goes_on_once_one_is_gone(stage: Stage) -> None:
    before = stage.has_group(2)
    stage.has_deployment(2)
    stage.has_budget(1)
    stage.has_budget(0, "second")
    failed = stage.ended(stage.begins())
    assert failed["status"] == "Failed"
    (error,) = failed["errors"]
    assert error["errorCode"] == "PodEvictionFailure"
    assert f"has 2 PodDisruptionBudgets, default/second and default/{stage.name}" in error["errorMessage"]
    stage.has_no_budget("second")
    stage.until(lambda: not stage.issues())
    assert stage.ended(stage.begins())["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 2)


def minimal_never_asks_for_more_nodes(stage: Stage) -> None:
    before = stage.has_group(2, updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"})
    stage.has_deployment(2)
    stage.has_budget(1)
    scaling = stage.service.client("autoscaling")
    (group,) = stage.described()["resources"]["autoScalingGroups"]
    sizes: set[int] = set()

    def look() -> None:
        (now,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group["name"]])[
            "AutoScalingGroups"
        ]
        sizes.add(now["DesiredCapacity"])

    assert stage.ended(stage.begins(), look)["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 2)
    assert sizes == {2}, "DEFAULT would ask for more"


def a_cancelled_update_leaves_the_group_as_it_was(stage: Stage) -> None:
    before = stage.has_group()
    stage.has_deployment(1)
    stage.has_budget(1)
    id = stage.begins()
    stage.until(lambda: stage.blockers(id))
    assert any(node["spec"].get("unschedulable") for node in stage.nodes().values())
    (pod,) = stage.pods().values()
    stage.eks.cancel_update(name=yard.CLUSTER, updateId=id)
    assert stage.ended(id)["status"] == "Cancelled"
    stage.until(lambda: stage.nodes().keys() == before.keys())
    (node,) = stage.nodes().values()
    assert not node["spec"].get("unschedulable") and not node["spec"].get("taints")
    (after,) = stage.pods().values()
    assert after["metadata"]["uid"] == pod["metadata"]["uid"], (pod, after)
    assert stage.described()["scalingConfig"]["desiredSize"] == 1


def daemons_and_mirrors_stay_while_strays_and_local_data_are_evicted(stage: Stage) -> None:
    before = stage.has_group()
    labels = {"app": stage.name}
    template = {"metadata": {"labels": labels}, "spec": stage.pod_spec()}
    daemons = {"selector": {"matchLabels": labels}, "template": template}
    stage.ask("POST", DAEMONS, {"metadata": {"name": stage.name}, "spec": daemons})
    (node,) = before.values()
    stage.has_pod("stray")
    stage.has_pod("local-data", {"volumes": [{"name": "data", "emptyDir": {}}]})
    mirrored = {"kubernetes.io/config.mirror": "f00", "kubernetes.io/config.source": "file"}
    stage.has_pod("mirror", {"nodeName": node["metadata"]["name"]}, annotations=mirrored)
    stage.until(lambda: len(stage.pods()) == 4)
    (daemon,) = stage.pods().keys() - {"stray", "local-data", "mirror"}
    assert stage.ended(stage.begins())["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before))
    assert {"stray", "local-data"} <= {*stage.evicted()}
    assert not {"mirror", daemon} & {*stage.evicted()}
    stage.until(lambda: len(stage.pods()) == 1)  # the daemon of the new node
    stage.ask("DELETE", f"{DAEMONS}/{stage.name}")


def a_finalizer_holds_a_node_until_it_is_taken_away(stage: Stage) -> None:
    before = stage.has_group()
    stage.has_pod("held", finalizers=["example.com/held"])
    id = stage.begins()
    stage.until(lambda: [each["code"] for each in stage.blockers(id)] == ["StuckOnFinalizer"])
    (blocker,) = stage.blockers(id)
    assert blocker["pod"] == "default/held" and "patch pod held" in blocker["help"]
    stage.ask("PATCH", f"{PODS}/held", {"metadata": {"finalizers": None}}, MERGE)
    assert stage.ended(id)["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before))


def nodes_that_never_join_fail_an_update_and_the_workload_runs_on(stage: Stage) -> None:
    before = stage.has_group()
    stage.has_deployment(2)
    stage.fault("never-join")
    fewest = 2

    def look() -> None:
        nonlocal fewest
        fewest = min(fewest, stage.available())

    failed = stage.ended(stage.begins(), look)
    assert failed["status"] == "Failed"
    assert failed["errors"][0]["errorCode"] == "NodeCreationFailure"
    assert fewest == 2 and stage.nodes().keys() == before.keys()


def a_silent_kubelet_is_missed_until_it_speaks_again(stage: Stage) -> None:
    before = stage.has_group()
    fault = stage.fault("kubelet-mute")
    # Said by the cluster's own node controller, once it has missed the lease for long enough.
    stage.until(lambda: not any(map(yard.ready_since, stage.nodes().values())))
    stage.ours.clear_fault(which=fault)
    stage.until(lambda: all(map(yard.ready_since, stage.nodes().values())))
    assert stage.nodes().keys() == before.keys()


def a_node_that_is_ill_is_drained_and_replaced(stage: Stage) -> None:
    before = stage.has_group(nodeRepairConfig={"enabled": True})
    stage.has_deployment(1)
    (node,) = before.values()
    condition = {"type": "AcceleratedHardwareReady", "status": "False", "reason": "NvidiaXID74Error"}
    since = {"lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    status = {"status": {"conditions": [condition | since]}}
    stage.ask("PATCH", f"/api/v1/nodes/{node['metadata']['name']}/status", status, STRATEGIC)
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 1)


def machines_of_kubeadm_join_by_the_script_of_the_how_to(stage: Stage) -> None:
    (script,) = USER_DATA.findall(KUBEADM.read_text())
    ec2 = stage.service.client("ec2")
    data = {
        "ImageId": ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        "InstanceType": "m5.large",
        "UserData": base64.b64encode(script.encode()).decode(),
    }
    ec2.create_launch_template(LaunchTemplateName=stage.name, LaunchTemplateData=data)
    yard.a_group(
        stage.service, stage.name, 2, launchTemplate={"name": stage.name}, labels={"team": "payments"}
    )
    stage.until(lambda: yard.status(stage.service, stage.name) == "ACTIVE")
    assert [each["metadata"]["labels"]["team"] for each in stage.nodes().values()] == ["payments"] * 2


def spot_instances_are_taken_and_others_come(stage: Stage) -> None:
    before = stage.has_group(2, capacityType="SPOT")
    stage.has_deployment(2)
    fault = stage.fault("spot-storm")
    stage.until(lambda: not stage.nodes().keys() & before.keys())
    stage.ours.clear_fault(which=fault)
    stage.until(lambda: len(stage.nodes()) == 2 and stage.available() == 2)


STORIES = (
    nodes_join_with_labels_taints_and_leases,
    a_deployment_runs_until_its_group_is_deleted,
    an_update_goes_at_the_pace_that_a_budget_allows,
    a_budget_blocks_an_update_and_force_goes_on,
    two_budgets_on_a_pod_hold_an_update_and_it_goes_on_once_one_is_gone,
    minimal_never_asks_for_more_nodes,
    a_cancelled_update_leaves_the_group_as_it_was,
    daemons_and_mirrors_stay_while_strays_and_local_data_are_evicted,
    a_finalizer_holds_a_node_until_it_is_taken_away,
    nodes_that_never_join_fail_an_update_and_the_workload_runs_on,
    a_silent_kubelet_is_missed_until_it_speaks_again,
    a_node_that_is_ill_is_drained_and_replaced,
    machines_of_kubeadm_join_by_the_script_of_the_how_to,
    spot_instances_are_taken_and_others_come,
)
