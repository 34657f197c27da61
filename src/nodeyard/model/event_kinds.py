"""Every kind of event there is, what it means and which causes its subject names.

The reference page is drawn from this table; a test holds it against the code that writes events.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventKind:
    """`subject` are the causes that it can name, beside the update that is running."""

    meaning: str
    subject: tuple[str, ...] = ()


_NODE = ("instance", "node")

EVENT_KINDS: dict[str, EventKind] = {
    "ClusterCreating": EventKind("A cluster was accepted."),
    "ClusterActive": EventKind("A cluster's control plane answers."),
    "ClusterRegistered": EventKind("A connected cluster was registered and waits for its credentials."),
    "ClusterAttached": EventKind("A connected cluster was reached with new credentials, which are kept."),
    "ClusterVersion": EventKind("The owner of a connected cluster changed its Kubernetes version."),
    "ClusterDeleting": EventKind("The deletion of a cluster was accepted."),
    "ClusterDeleted": EventKind("A cluster is gone."),
    "NodegroupCreating": EventKind("A node group was accepted."),
    "AutoScalingGroupCreated": EventKind("The Auto Scaling group of a node group was made."),
    "ScaleDownScheduled": EventKind("A group of a Capacity Block will scale down before the block ends."),
    "WarmPoolChanged": EventKind(
        "The warm pool of a group was put or deleted; the message says what it holds."
    ),
    "NodegroupActive": EventKind("Every node of a new group is Ready."),
    "NodegroupCreateFailed": EventKind("A group could not be made; its health issues say why.", ("code",)),
    "NodegroupStatus": EventKind("The health of a group changed its status, to DEGRADED or back."),
    "NodegroupDeleting": EventKind("The deletion of a group was accepted."),
    "NodegroupDeleteFailed": EventKind("Something of a group cannot be removed.", ("code", "resource")),
    "NodegroupDeleted": EventKind("A group is gone, with everything that it made."),
    "ScalingFollowed": EventKind("Somebody changed the size of the Auto Scaling group; the record follows."),
    "HealthIssue": EventKind("A health issue began.", ("code", "resources")),
    "HealthIssueGone": EventKind("A health issue is over.", ("code",)),
    "UpdateInProgress": EventKind("An update was accepted.", ("update",)),
    "UpdatePhase": EventKind("A version update goes on to another phase.", ("update", "phase")),
    "UpdateStep": EventKind("What a version update decided or did, with the numbers.", ("update", "phase")),
    "NodeLane": EventKind(
        "A node goes on to another step of a version update: the lanes of the live view, for later.",
        ("update", "instance", "node", "zone", "lane"),
    ),
    "UpdateRehearsed": EventKind(
        "A version update was rehearsed on the cluster as it was when it began; `rehearsal` is JSON.",
        ("update", "rehearsal"),
    ),
    "InsightsRefreshed": EventKind("The insights of a cluster were made anew."),
    "UpdateCancelRequested": EventKind("Somebody asked a version update to stop.", ("update",)),
    "UpdateSuccessful": EventKind("An update is done.", ("update",)),
    "UpdateFailed": EventKind("An update failed; its errors say of what.", ("update",)),
    "UpdateCancelled": EventKind("An update stopped because it was asked to.", ("update",)),
    "DrainStarted": EventKind("An instance terminates; its node is drained first.", ("instance", "node")),
    "DrainWarning": EventKind("A pod goes that will not come back, or loses data.", ("node", "pod", "code")),
    "EvictionBlocked": EventKind(
        "A pod does not leave: who holds it, what that needs and has, and what helps. Said once a reason.",
        ("instance", "node", "pod", "budget", "code"),
    ),
    "PodForced": EventKind("A pod was deleted because it was not evicted in time.", ("node", "pod")),
    "DrainTimedOut": EventKind("A node goes although pods are left on it.", ("instance", "node")),
    "NodeForgotten": EventKind(
        "The node of an instance that is gone was taken out of an attached cluster.", ("node",)
    ),
    "NodeUnhealthy": EventKind("Node auto repair sees that something is wrong with a node.", _NODE),
    "NodeRecovered": EventKind("A node is well again without a repair.", _NODE),
    "NodeRepairStarted": EventKind("A node is being repaired.", _NODE),
    "NodeRepairEnded": EventKind("A repair ended without a new node.", _NODE),
    "NodeRebooted": EventKind("A node was rebooted by a repair.", _NODE),
    "NodeReplaced": EventKind("A node was replaced by a repair.", _NODE),
    "NodeRepairsStopped": EventKind("Too many nodes are unhealthy at once: repairs stop."),
    "NodeRepairsResumed": EventKind("Few enough nodes are unhealthy again: repairs go on."),
    "ReleasePublished": EventKind("An AMI release was published."),
    "OperationRetried": EventKind("A person had an operation that was parked tried again."),
    "OperationAbandoned": EventKind("A person ended an operation that was parked as failed."),
}
