"""The DaemonSet controller: one pod of each DaemonSet on each node that takes it.

Works node by node: a node that joins costs one look at each DaemonSet, not one at each node.
"""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers import revisions
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.daemonset_tally import NOTHING, Share, Tally
from nodeyard.world.kubernetes.controllers.fit import named_nodes, selects, untolerated
from nodeyard.world.kubernetes.controllers.pods import (
    digest,
    is_active,
    is_finished,
    is_leaving,
    is_ready,
    owner_of,
    pod_from,
    share,
)
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

DAEMON_SETS = "daemonsets.apps"
HASH = revisions.HASH
SUM_UP_S = 0.5
"""How long changes of a DaemonSet's pods are gathered before its status says so."""

TOLERATIONS: tuple[Obj, ...] = tuple(
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
    for name, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
)
NOT_READY: Obj = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"}


class DaemonSets(Controller):
    """Places the pods of DaemonSets and rolls out new templates."""

    watches = frozenset({DAEMON_SETS, "nodes", "pods"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._pods: dict[str, dict[str, dict[Place, Obj]]] = {}
        """DaemonSet uid -> node -> its pods there."""
        self._pruned: dict[str, int] = {}
        """DaemonSet uid -> the newest revision when its history was last cut to its length."""
        self._revised: dict[str, Obj] = {}
        """DaemonSet uid -> the template whose rollout was over when the history was last looked at."""
        self._tallies: dict[str, Tally] = {}
        """DaemonSet uid -> counts of its present template."""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "pods":
            self._pod(change)
        elif change.resource == "nodes":
            if change.type != "MODIFIED" or _matters(change):
                for tally in self._tallies.values():
                    tally.changed(obj["metadata"]["name"])
                for each in self.store.list(DAEMON_SETS):
                    self.queue.add(("node", *place_of(each), obj["metadata"]["name"]))
        elif change.type != "DELETED":
            previous = change.previous
            if previous is None or previous.get("spec") != obj.get("spec"):
                self._tallies.pop(obj["metadata"]["uid"], None)
                for node in self.store.list("nodes"):
                    self.queue.add(("node", *place_of(obj), node["metadata"]["name"]))
                self.queue.add(("whole", *place_of(obj)))
        else:
            self._pods.pop(obj["metadata"]["uid"], None)
            self._pruned.pop(obj["metadata"]["uid"], None)
            self._revised.pop(obj["metadata"]["uid"], None)
            self._tallies.pop(obj["metadata"]["uid"], None)

    def _pod(self, change: Change) -> None:
        pod = change.object
        owner = owner_of(pod)
        if owner is None or owner["kind"] != "DaemonSet":
            return
        node = pod["spec"].get("nodeName") or next(iter(named_nodes(pod["spec"]) or ()), "")
        pods = self._pods.setdefault(owner["uid"], {}).setdefault(node, {})
        space = pod["metadata"]["namespace"]
        if change.type == "DELETED":
            pods.pop(place_of(pod), None)
            if not pods:
                self._pods[owner["uid"]].pop(node, None)
        else:
            pods[place_of(pod)] = pod
        if (tally := self._tallies.get(owner["uid"])) is not None:
            tally.changed(node)
        if change.type == "DELETED" or is_finished(pod) or is_leaving(pod):
            self.queue.add(("node", space, owner["name"], node))
        self.queue.after(("whole", space, owner["name"]), SUM_UP_S)

    def reconcile(self, key: Any) -> None:
        wanted = self.store.get(DAEMON_SETS, key[1], key[2])
        if wanted is None or is_leaving(wanted):
            return
        if key[0] == "node":
            self._node(wanted, key[3])
        else:
            total = self._total(wanted)
            self._revise(wanted, not total.outdated)
            if total.outdated:
                self._roll(wanted)
            self._status(wanted, total)

    def _revise(self, wanted: Obj, rolled_out: bool) -> None:
        """Keep the history of templates that `kubectl rollout` reads."""
        uid, name = wanted["metadata"]["uid"], wanted["metadata"]["name"]
        if rolled_out and self._revised.get(uid) is wanted["spec"]["template"]:
            return
        newest = int(revisions.ensure_update(self.api, wanted)["revision"])
        if rolled_out:
            self._revised[uid] = wanted["spec"]["template"]
        else:
            self._revised.pop(uid, None)
        if rolled_out and self._pruned.get(uid) != newest:
            self._pruned[uid] = newest
            revisions.prune(self.api, wanted, {f"{name}-{digest(wanted['spec']['template'])}"})

    def _here(self, wanted: Obj, node: str) -> list[Obj]:
        return list(self._pods.get(wanted["metadata"]["uid"], {}).get(node, {}).values())

    def _node(self, wanted: Obj, name: str) -> None:
        node = self.store.get("nodes", None, name)
        pods = self._here(wanted, name)
        space = wanted["metadata"]["namespace"]
        run, keep = _should_run(wanted, node)
        active = [pod for pod in pods if is_active(pod)]
        self.queue.after(("whole", space, wanted["metadata"]["name"]), SUM_UP_S)
        if node is None:
            return
        for pod in pods:
            if is_finished(pod) and not is_leaving(pod):
                self.api.delete("pods", space, pod["metadata"]["name"])
        if run and not pods:
            self._create(wanted, name)
        elif not keep:
            for pod in active:
                self.api.delete("pods", space, pod["metadata"]["name"])

    def _create(self, wanted: Obj, node: str) -> None:
        template = wanted["spec"]["template"]
        pod = pod_from(wanted, template, labels={HASH: digest(template)})
        spec = pod["spec"] = dict(pod["spec"])
        term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
        here = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
        affinity = spec.get("affinity") or {}
        spec["affinity"] = {**affinity, "nodeAffinity": {**(affinity.get("nodeAffinity") or {}), **here}}
        spec["tolerations"] = [*(spec.get("tolerations") or []), *TOLERATIONS]
        if spec.get("hostNetwork"):
            network = {"key": "node.kubernetes.io/network-unavailable", "operator": "Exists"}
            spec["tolerations"].append({**network, "effect": "NoSchedule"})
        self.api.create("pods", wanted["metadata"]["namespace"], pod)

    def _roll(self, wanted: Obj) -> None:
        """Replace pods of an old template, no more at a time than may be unavailable."""
        strategy = wanted["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        current = digest(wanted["spec"]["template"])
        nodes = self._pods.get(wanted["metadata"]["uid"], {})
        old, missing = [], 0
        for pods in nodes.values():
            good = [pod for pod in pods.values() if is_active(pod)]
            missing += not any(is_ready(pod) for pod in good)
            old += [pod for pod in good if (pod["metadata"].get("labels") or {}).get(HASH) != current]
        limit = share((strategy.get("rollingUpdate") or {}).get("maxUnavailable", 1), len(nodes), up=True)
        room = max(limit, 1) - missing
        for pod in sorted(old, key=is_ready):
            if is_ready(pod):
                if room <= 0:
                    break
                room -= 1
            self.api.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _total(self, wanted: Obj) -> Share:
        uid = wanted["metadata"]["uid"]
        tally = self._tallies.get(uid)
        if tally is None:
            tally = Tally(node["metadata"]["name"] for node in self.store.list("nodes"))
            self._tallies[uid] = tally
        current = digest(wanted["spec"]["template"])

        def count(name: str) -> Share:
            node = self.store.get("nodes", None, name)
            if node is None:
                return NOTHING
            run, _ = _should_run(wanted, node)
            here = [pod for pod in self._here(wanted, name) if is_active(pod)]
            new = sum((pod["metadata"].get("labels") or {}).get(HASH) == current for pod in here)
            return Share(
                desired=int(run),
                scheduled=int(run and bool(here)),
                misplaced=int(not run and bool(here)),
                ready=int(run and any(is_ready(pod) for pod in here)),
                updated=int(run and new > 0),
                outdated=len(here) - new,
            )

        return tally.total(count)

    def _status(self, wanted: Obj, total: Share) -> None:
        wanted = self.api.get(DAEMON_SETS, wanted["metadata"]["namespace"], wanted["metadata"]["name"])
        status: Obj = {
            "currentNumberScheduled": total.scheduled,
            "numberMisscheduled": total.misplaced,
            "desiredNumberScheduled": total.desired,
            "numberReady": total.ready,
            "observedGeneration": wanted["metadata"].get("generation", 1),
            "updatedNumberScheduled": total.updated,
            "numberAvailable": total.ready,
        }
        if total.desired > total.ready:
            status["numberUnavailable"] = total.desired - total.ready
        self.put_status(DAEMON_SETS, wanted, status)


def _matters(change: Change) -> bool:
    old, new = change.previous or {}, change.object
    return old.get("spec") != new.get("spec") or old.get("metadata", {}).get("labels") != new["metadata"].get(
        "labels"
    )


def _should_run(wanted: Obj, node: Obj | None) -> tuple[bool, bool]:
    """Return whether a pod should be started on a node, and whether a running one may stay."""
    if node is None:
        return False, False
    spec = wanted["spec"]["template"]["spec"]
    if not selects(spec, node):
        return False, False
    if not (node.get("spec") or {}).get("taints"):
        return True, True
    # The controller itself tolerates the last; the tolerations before it keep the pod there.
    tolerant = {"tolerations": [*(spec.get("tolerations") or []), *TOLERATIONS, NOT_READY]}
    if untolerated(tolerant, node, ("NoExecute",)) is not None:
        return False, False
    return untolerated(tolerant, node) is None, True
