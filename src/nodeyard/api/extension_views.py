"""From values to the members of our own service model. Translation only, as `views` for EKS."""

from __future__ import annotations

from typing import Any

from nodeyard import catalog
from nodeyard.catalog import InstanceType, Release
from nodeyard.flows import keys
from nodeyard.flows.service.overviews import Overview
from nodeyard.flows.service.progress import Progress
from nodeyard.model.nodegroup import TemplateRef
from nodeyard.model.rollout import Rollout
from nodeyard.model.update import Update
from nodeyard.planner import phases
from nodeyard.planner.admission import Refusal
from nodeyard.planner.progress import Held, NodeLane
from nodeyard.planner.workloads import Workload
from nodeyard.ports import ActiveFault, Event, FaultKind, Node, Parked

Shape = dict[str, Any]


def update(item: Update) -> Shape:
    """Return the UpdateOverview shape."""
    memory = item.rollout
    shape: Shape = {
        "id": item.id,
        "clusterName": item.cluster,
        "nodegroupName": item.nodegroup,
        "type": item.type,
        "status": item.status.value,
        "createdAt": item.created_at,
        "finishedAt": item.finished_at,
        "force": item.force,
        "cancelRequested": item.cancel_requested,
        "errors": [
            {
                "errorCode": each.error_code,
                "errorMessage": each.error_message,
                "resourceIds": list(each.resource_ids),
            }
            for each in item.errors
        ],
    }
    if memory is not None:
        shape |= {
            "phase": memory.phase.value,
            "releaseVersion": memory.target.release_version,
            "version": memory.target.version,
            "launchTemplate": _template(memory.target.launch_template),
            "nodesTotal": memory.nodes_total,
            "nodesDone": memory.nodes_done,
        }
    return shape


def progress(item: Progress) -> Shape:
    """Return the UpdateProgress shape."""
    memory = item.update.rollout
    guess = item.estimate
    began = item.update.created_at if memory is None or memory.began is None else memory.began
    return {
        "update": update(item.update),
        "phases": [] if memory is None else _phases(memory, over=item.update.finished_at is not None),
        "phaseSince": None if memory is None else memory.phase_since,
        "nodes": [_node(each, item) for each in item.nodes],
        "nodesUnseenBecause": item.unseen or None,
        "blockers": [_blocker(each) for each in item.blockers],
        "issues": [
            {"code": each.code.value, "message": each.message, "resourceIds": list(each.resource_ids)}
            for each in item.issues
        ],
        "waits": [] if memory is None else [{"because": each} for each in memory.waits],
        "began": began,
        "secondLasts": item.second.total_seconds(),
        "elapsedSeconds": round(item.elapsed_s, 1),
        "remainingSeconds": None if guess is None or guess.seconds is None else round(guess.seconds, 1),
        "remainingBasis": None if guess is None else guess.basis,
    }


def _template(item: TemplateRef | None) -> Shape | None:
    return None if item is None else {"id": item.id, "name": item.name, "version": item.version}


def _phases(memory: Rollout, *, over: bool) -> list[Shape]:
    way = phases.way(memory, over=over)
    return [{"phase": phase.value, "state": state.value} for phase, state in way]


def _node(item: NodeLane, within: Progress) -> Shape:
    so = None if item.since is None else max(0.0, (within.now - item.since) / within.second)
    left = None if item.until is None else max(0.0, (item.until - within.now) / within.second)
    return {
        "instanceId": item.instance,
        "nodeName": item.node or None,
        "zone": item.zone,
        "lane": item.lane.value,
        "because": item.because,
        "new": item.new,
        "since": item.since,
        "until": item.until,
        "secondsSo": None if so is None else round(so, 1),
        "secondsLeft": None if left is None else round(left, 1),
        "podsLeft": item.pods_left,
        "history": [{"lane": lane.value, "since": at} for lane, at in item.history],
    }


def _blocker(item: Held) -> Shape:
    blocker = item.blocker
    return {
        "code": blocker.code,
        "pod": blocker.pod,
        "nodeName": blocker.node,
        "instanceId": item.instance,
        "budget": blocker.budget or None,
        "sentence": blocker.sentence,
        "help": blocker.help,
        "refusal": blocker.refusal or None,
        "since": blocker.since,
        "until": item.until,
        "secondsSo": round(item.seconds_so, 1),
        "secondsLeft": round(item.seconds_left, 1),
        "then": item.then.value,
        "tries": blocker.tries,
        "needs": blocker.needs,
        "healthy": blocker.healthy,
    }


def nodegroup(item: Overview) -> Shape:
    """Return the NodegroupOverview shape."""
    group, available = item.group, item.available
    latest = available.latest
    return {
        "clusterName": group.cluster,
        "nodegroupName": group.name,
        "nodegroupArn": group.arn,
        "status": group.status.value,
        "amiType": group.ami_type,
        "capacityType": group.capacity_type,
        "version": group.version,
        "releaseVersion": group.release_version,
        "latestReleaseVersion": None if latest is None else latest.release_version,
        "latestVersion": None if latest is None else latest.kubernetes_version,
        "updateAvailable": available.update,
        "updateAvailableBecause": available.because,
        "issueCodes": [issue.code.value for issue in group.issues],
        "nodesReady": item.nodes_ready,
        "nodesDesired": group.scaling.desired,
        "activeUpdateId": group.active_update,
        "blockers": [_blocker(each) for each in item.blockers],
    }


def node(group: str, item: Node) -> Shape:
    """Return the NodeOverview shape."""
    condition = item.conditions.get("Ready")
    return {
        "nodeName": item.name,
        "nodegroupName": group,
        "instanceId": item.instance_id,
        "instanceType": item.labels.get("node.kubernetes.io/instance-type")
        or item.labels.get("beta.kubernetes.io/instance-type"),
        "zone": item.zone,
        "ready": item.ready,
        "readyBecause": condition.reason or None if condition else None,
        "schedulable": not item.unschedulable,
        "createdAt": item.created_at,
    }


def workload(item: Workload) -> Shape:
    """Return the WorkloadOverview shape."""
    return {
        "namespace": item.namespace,
        "kind": item.kind,
        "name": item.name,
        "pods": item.pods,
        "podsReady": item.ready,
        "nodes": item.nodes,
        "nodegroupNames": list(item.nodegroups),
        "budgets": [
            {
                "name": each.name,
                "demand": each.demand,
                "expected": each.expected,
                "needs": each.needs,
                "healthy": each.healthy,
                "allowed": each.allowed,
            }
            for each in item.budgets
        ],
        "drain": item.drain,
        "obstacles": [
            {"code": each.code, "sentence": each.sentence, "help": each.help or None, "holds": each.holds}
            for each in item.obstacles
        ],
    }


def instance_type(item: InstanceType) -> Shape:
    """Return the InstanceTypeOverview shape."""
    return {
        "instanceType": item.name,
        "vcpus": item.vcpus,
        "memoryMib": item.memory_mib,
        "architecture": item.architecture,
        "accelerator": item.accelerator,
        "accelerators": item.accelerators,
        "podsMax": item.max_pods,
        "hourlyPrice": catalog.price_of(item.name),
    }


def prices() -> Shape:
    """Return where and when the prices were as they are told."""
    listed = catalog.price_list()
    return {"pricesRegion": listed.region, "pricesAsOf": listed.as_of.isoformat()}


def event(item: Event) -> Shape:
    """Return the Event shape."""
    return {
        "sequence": item.sequence,
        "at": item.at,
        "kind": item.kind,
        "message": item.message,
        "account": item.scope.account,
        "region": item.scope.region,
        "clusterName": item.cluster or None,
        "nodegroupName": item.nodegroup,
        "subject": {key: value for key, value in item.subject.items() if value},
    }


def refusal(item: Refusal) -> Shape:
    """Return the Refusal shape."""
    return {"member": item.member, "code": item.refused.code, "message": item.refused.message}


def release(item: Release, region: str, *, latest: bool) -> Shape:
    """Return the Release shape."""
    return {
        "amiType": item.ami_type,
        "kubernetesVersion": item.kubernetes_version,
        "releaseVersion": item.release_version,
        "kubeletVersion": item.kubelet,
        "imageName": item.image_name,
        "imageId": item.image_id(region),
        "latest": latest,
    }


def fault(item: ActiveFault) -> Shape:
    """Return the Fault shape."""
    return {
        "id": item.id,
        "name": item.name,
        "since": item.since,
        "until": item.until,
        "group": item.group,
        "zone": item.zone,
        "amount": item.amount,
    }


def fault_kind(item: FaultKind) -> Shape:
    """Return the FaultKind shape."""
    return {
        "name": item.name,
        "summary": item.summary,
        "takes": list(item.takes),
        "issueCodes": list(item.codes),
        "amountMeans": item.amount_means or None,
        "amountDefault": item.amount_default,
    }


def failed_operation(key: str, error: str) -> Shape:
    """Return the FailedOperation shape."""
    kind, _, names = keys.parse(key)
    return {
        "key": key,
        "kind": kind,
        "clusterName": names[0],
        "nodegroupName": names[1] if kind == "nodegroup" else None,
        "error": error,
        "parked": False,
    }


def parked_operation(parked: Parked) -> Shape:
    """Return the FailedOperation shape of one that nobody tries any more."""
    return failed_operation(parked.key, parked.error) | {"parked": True, "since": parked.since}
