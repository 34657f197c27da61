"""Play the article: a cluster, its first managed node group by the aws CLI, its nodes, their
upgrades with and without force, and their end.

Source: "How to run Amazon EKS clusters efficiently with Managed Node Group", March 2020; its
commands are typed as it shows them. Starts a service of its own and stops it at the end. `KEEP=1` leaves
it running with the group in it; `SPEED=60` is slower. Exit code 0 only when every step succeeded.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text
from stage import BIN, Failed, Seen, Stage, out, scene

ACCOUNT = "464600099053"
REGION = "cn-north-1"
CLUSTER = "eksngdemo"
GROUP = "ng2-by-cli"
SUBNETS = (
    "subnet-048e5fe91337a699c",
    "subnet-0237837c3956660b0",
    "subnet-0a6aca88ae3d42344",
    "subnet-05704b2e5bea4cc19",
)
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/eksctl-eksngdemo-nodegroup-ng-34d-NodeInstanceRole-172ZU91D5PDDP"
CLUSTER_ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/eksServiceRole"
LABELS = ("eks.amazonaws.com/nodegroup", "eks.amazonaws.com/nodegroup-image", "topology.kubernetes.io/zone")
NEWER = ("1.14.9-20200228", "1.14.9-20200312")
"""Releases that come out while the demonstration runs."""
WATCH = ("nodeyard", "updates", "watch", CLUSTER, GROUP, "--region", REGION)
NAMED = {"clusterName": CLUSTER, "nodegroupName": GROUP}
SPEED = os.environ.get("SPEED") or "300"


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the story. `undoes`: it takes down what a user who keeps the service wants to see."""

    title: str
    play: Callable[[Stage], None]
    undoes: bool = False


# --- the acts ---


def a_cluster(stage: Stage) -> None:
    stage.aws(
        "create-cluster", "--name", CLUSTER, "--kubernetes-version", "1.14", "--role-arn", CLUSTER_ROLE,
        "--resources-vpc-config", f"subnetIds={','.join(SUBNETS)}",
        "--query", "cluster.{name: name, version: version, status: status}",
    )  # fmt: skip
    stage.wait("the cluster is ACTIVE", lambda: _cluster_is_active(stage))
    stage.aws("list-nodegroups", f"--cluster-name={CLUSTER}")


def a_node_group(stage: Stage) -> None:
    stage.aws(
        "create-nodegroup", "--cluster-name", CLUSTER, "--nodegroup-name", GROUP,
        "--subnets", *SUBNETS, "--node-role", ROLE,
    )  # fmt: skip
    stage.wait("the node group is ACTIVE and its nodes are Ready", lambda: _group_is_active(stage))
    stage.aws("list-nodegroups", f"--cluster-name={CLUSTER}")


def its_nodes(stage: Stage) -> None:
    stage.aws("update-kubeconfig", "--name", CLUSTER)
    _show_nodes(stage, "--label-columns", ",".join(LABELS))


def more_nodes(stage: Stage) -> None:
    answer = stage.aws(
        "update-nodegroup-config", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}",
        "--scaling-config", "minSize=1,maxSize=3,desiredSize=3",
        "--query", "update.{id: id, type: type, status: status}",
    )  # fmt: skip
    update = json.loads(answer)["id"]
    stage.wait("the update is Successful and 3 nodes are Ready", lambda: _is_scaled(stage, update, 3))
    _show_nodes(stage)


def a_newer_release(stage: Stage) -> None:
    _publish(stage, NEWER[0])
    stage.run("nodeyard", "groups", "list", CLUSTER, "--region", REGION)


def an_upgrade_under_a_budget(stage: Stage) -> None:
    if not _has_kubectl(stage):
        return
    stage.run("kubectl", "create", "deployment", "web", "--image", "nginx", "--replicas", "3")
    stage.run("kubectl", "rollout", "status", "deployment", "web")
    _budget(stage, 2)
    _update(stage)
    stage.follow(WATCH)
    _show_nodes(stage, "--label-columns", LABELS[1])


def an_upgrade_that_a_budget_blocks(stage: Stage) -> None:
    if not _has_kubectl(stage):
        return
    _publish(stage, NEWER[1])
    stage.run("kubectl", "delete", "poddisruptionbudget", "web")
    _budget(stage, 3)
    update = _update(stage)
    stage.follow(WATCH, code=1)
    stage.aws(
        "describe-update", "--name", CLUSTER, f"--nodegroup-name={GROUP}", "--update-id", update,
        "--query", "update.{status: status, errors: errors}",
    )  # fmt: skip


def the_same_by_force(stage: Stage) -> None:
    if not _has_kubectl(stage):
        return
    _update(stage, "--force")
    stage.follow(WATCH)
    stage.run("nodeyard", "groups", "list", CLUSTER, "--region", REGION)


def the_end(stage: Stage) -> None:
    stage.aws(
        "delete-nodegroup", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}",
        "--query", "nodegroup.{name: nodegroupName, status: status}",
    )  # fmt: skip
    stage.wait("the nodes are drained and the node group is gone", lambda: _group_is_gone(stage))
    stage.aws("list-nodegroups", f"--cluster-name={CLUSTER}")
    stage.aws("delete-cluster", "--name", CLUSTER, "--query", "cluster.{name: name, status: status}")
    stage.wait("the cluster is gone", lambda: _cluster_is_gone(stage))


ACTS = (
    Act("a cluster without nodes", a_cluster),
    Act("a managed node group, with the command of the article", a_node_group),
    Act("its nodes in Kubernetes", its_nodes),
    Act("one node more", more_nodes),
    Act("a newer release is there: Update now", a_newer_release),
    Act("an upgrade, with a workload whose budget allows it", an_upgrade_under_a_budget),
    Act("an upgrade that a budget blocks fails and says why", an_upgrade_that_a_budget_blocks),
    Act("the same upgrade by force", the_same_by_force),
    Act("taking it all down", the_end, undoes=True),
)


def _publish(stage: Stage, release: str) -> None:
    stage.run(
        "nodeyard", "catalog", "publish", "--ami-type", "AL2_x86_64", "--kubernetes-version", "1.14",
        "--release-version", release, "--region", REGION,
    )  # fmt: skip


def _budget(stage: Stage, least: int) -> None:
    stage.run(
        "kubectl",
        "create",
        "poddisruptionbudget",
        "web",
        "--selector",
        "app=web",
        "--min-available",
        str(least),
    )


def _update(stage: Stage, *more: str) -> str:
    """Start a version update to the newest release and return its id."""
    answer = stage.aws(
        "update-nodegroup-version", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}", *more,
        "--query", "update.{id: id, type: type, status: status}",
    )  # fmt: skip
    id: str = json.loads(answer)["id"]
    return id


def _has_kubectl(stage: Stage) -> bool:
    if stage.has("kubectl"):
        return True
    out.print("kubectl is not installed here: this act needs it to run a workload.\n", style="yellow")
    return False


# --- what is seen ---


def _cluster_is_active(stage: Stage) -> Seen:
    status = stage.client("eks").describe_cluster(name=CLUSTER)["cluster"]["status"]
    return status == "ACTIVE", f"it is {status}"


def _group_is_active(stage: Stage) -> Seen:
    group = stage.client("eks").describe_nodegroup(**NAMED)["nodegroup"]
    if group["status"] == "CREATE_FAILED":
        why = "; ".join(issue["message"] for issue in group["health"]["issues"])
        raise Failed(f"the node group is CREATE_FAILED: {why}")
    ready, seen = _instances(stage, group, group["scalingConfig"]["desiredSize"])
    return group["status"] == "ACTIVE" and ready, seen


def _is_scaled(stage: Stage, update: str, wanted: int) -> Seen:
    eks = stage.client("eks")
    found = eks.describe_update(name=CLUSTER, nodegroupName=GROUP, updateId=update)["update"]
    if found["status"] in ("Failed", "Cancelled"):
        raise Failed(f"the update is {found['status']}: {found['errors']}")
    ready, seen = _instances(stage, eks.describe_nodegroup(**NAMED)["nodegroup"], wanted)
    return found["status"] == "Successful" and ready, seen


def _instances(stage: Stage, group: Any, wanted: int) -> Seen:
    """Return whether all instances are in service, which they are let into once their node is Ready."""
    made = group.get("resources", {}).get("autoScalingGroups", [])
    if not made:
        return False, f"nodes Ready: 0 of {wanted}; the Auto Scaling group is being made"
    names = [each["name"] for each in made]
    groups = stage.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=names)
    states = {
        one["InstanceId"]: one["LifecycleState"]
        for each in groups["AutoScalingGroups"]
        for one in each["Instances"]
    }
    ready = sum(state == "InService" for state in states.values())
    rest = [f"{id} is {_in_words(state)}" for id, state in sorted(states.items()) if state != "InService"]
    missing = wanted - len(states)
    rest += [f"{missing} to be launched"] * (missing > 0)
    return ready == wanted, f"nodes Ready: {ready} of {wanted}" + (f"; {', '.join(rest)}" if rest else "")


def _in_words(state: str) -> str:
    words = {"Pending": "starting", "Pending:Wait": "booting and joining", "Pending:Proceed": "let in"}
    return words.get(state, "leaving" if state.startswith("Terminating") else state)


def _group_is_gone(stage: Stage) -> Seen:
    eks = stage.client("eks")
    try:
        group = eks.describe_nodegroup(**NAMED)["nodegroup"]
    except eks.exceptions.ResourceNotFoundException:
        return True, "gone"
    if group["status"] == "DELETE_FAILED":
        raise Failed(f"the node group is DELETE_FAILED: {group['health']['issues']}")
    names = [each["name"] for each in group.get("resources", {}).get("autoScalingGroups", [])]
    groups = stage.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=names)
    left = sum(len(each["Instances"]) for each in groups["AutoScalingGroups"])
    return False, f"it is {group['status']}, instances left: {left}"


def _cluster_is_gone(stage: Stage) -> Seen:
    return CLUSTER not in stage.client("eks").list_clusters()["clusters"], "it is DELETING"


def _show_nodes(stage: Stage, *columns: str) -> None:
    if stage.has("kubectl"):
        stage.run("kubectl", "get", "nodes", *columns)
        return
    out.print("kubectl is not installed here, so the nodes are shown as EC2 sees them.", style="yellow")
    stage.run(
        "aws", "ec2", "describe-instances", "--region", REGION, "--output", "table",
        "--filters", f"Name=tag:eks:nodegroup-name,Values={GROUP}", "Name=instance-state-name,Values=running",
        "--query", "Reservations[].Instances[].{Node: PrivateDnsName, Type: InstanceType, "
        "Zone: Placement.AvailabilityZone, State: State.Name}",
    )  # fmt: skip


# --- the evening ---


def play(stage: Stage, acts: tuple[Act, ...]) -> None:
    """Play the acts in order. Raises: Failed and what the clients raise, with a note that names the act."""
    for number, act in enumerate(acts, start=1):
        scene(number, len(acts), act.title)
        try:
            act.play(stage)
        except (Failed, ClientError, BotoCoreError, subprocess.SubprocessError) as error:
            error.add_note(f'Act {number}, "{act.title}"')
            raise


def keep(stage: Stage) -> None:
    """Say how to go on with the service that is left running."""
    assert stage.service is not None
    out.print(f"The service goes on at {stage.endpoint}. In another terminal, paste:\n", style="bold")
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        out.print(f"  export {name}={stage.environment[name]}", markup=False)
    out.print(
        f"  export AWS_PAGER= KUBECONFIG={stage.environment['KUBECONFIG']} PATH={BIN}:$PATH", markup=False
    )
    out.print("\nThen try:\n", style="bold")
    named = f"--cluster-name {CLUSTER} --nodegroup-name {GROUP}"
    out.print(f"  aws eks describe-nodegroup {named}", markup=False)
    if stage.has("kubectl"):
        out.print("  kubectl get pods --all-namespaces --output wide", markup=False)
    else:
        out.print("  aws ec2 describe-instances --output table", markup=False)
    out.print(f"  aws eks update-nodegroup-config {named} --scaling-config desiredSize=1", markup=False)
    out.print(f"\nStop it with `kill {stage.service.pid}`; its files are in {stage.folder}.", markup=False)


def main() -> int:
    keeping = bool(os.environ.get("KEEP"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    stage = Stage(ACCOUNT, REGION, SPEED)
    try:
        stage.start()
        play(stage, tuple(act for act in ACTS if not (keeping and act.undoes)))
    except KeyboardInterrupt:
        stage.stop()
        stage.clean()
        out.print("\nInterrupted: the service is stopped, its files are removed.")
        return 130
    except (Failed, ClientError, BotoCoreError, subprocess.SubprocessError, OSError) as failed:
        stage.stop()
        where = "; ".join(getattr(failed, "__notes__", [])) or "The start"
        out.print(Text(f"✗ {where} failed: {failed}", style="bold red"))
        out.print(f"The log of the service is {stage.log}", markup=False)
        return 1
    took = f"Every step succeeded, in {time.monotonic() - began:.0f} s."
    out.print(Text(took, style="bold green"))
    if keeping:
        keep(stage)
        return 0
    stage.stop()
    stage.clean()
    return 0


if __name__ == "__main__":
    sys.exit(main())
