"""The objects of a snapshot as a world takes them: with owners, templates that agree, and times. Pure.

A controller that found its objects different from what it would make itself would begin a rollout;
so replica sets get the template of their Deployment, and pods the revision that their owner will compute.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nodeyard.rehearse.belonging import controller_of, roots_of
from nodeyard.rehearse.learned import Root, Times, condition, learn
from nodeyard.rehearse.snapshot import KINDS, Snapshot
from nodeyard.world.kubernetes.controllers.pods import digest
from nodeyard.world.kubernetes.defaults import apply_defaults

Obj = dict[str, Any]

READY, STOP, RUN = (f"nodeyard.dev/{each}-seconds" for each in ("ready", "stop", "run"))
ALIKE = "nodeyard.dev/alike"
KUBELET_START_S = 1.75
"""What the simulated kubelet takes for itself, part of every observed start."""
HASH, REVISION = "controller-revision-hash", "deployment.kubernetes.io/revision"
STAND_IN = "owners.nodeyard.dev"
"""Owners that a snapshot does not hold: without them the garbage collector would delete what they own."""
_TEMPLATED = {
    "deployments.apps": "Deployment",
    "replicasets.apps": "ReplicaSet",
    "statefulsets.apps": "StatefulSet",
    "daemonsets.apps": "DaemonSet",
    "jobs.batch": "Job",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything to put into a world; `pods` are apart because they need the names of nodes."""

    objects: tuple[tuple[str, Obj], ...]
    pods: tuple[Obj, ...]
    roots: dict[str, Root]
    times: Times
    assumed: tuple[str, ...]
    """What the rehearsal takes for granted about them, a sentence each."""


def prepare(snapshot: Snapshot) -> Prepared:
    """Return the objects of a snapshot, made ready once for all runs."""
    roots = roots_of(snapshot)
    times = learn(snapshot, roots)
    broken = _never_ready(snapshot, roots)
    workloads = {resource: _copies(snapshot, resource) for resource in _TEMPLATED}
    workloads["replicasets.apps"] += _lost_sets(snapshot, workloads)
    running = [each for each in workloads["jobs.batch"] if not _is_over(each)]
    workloads["jobs.batch"] = running
    for resource, items in workloads.items():
        for each in items:
            _time(each, _root(resource, each), times, broken)
            apply_defaults(each)
    _follow_deployments(workloads)
    revisions = _revisions(workloads)
    pods = tuple(_pods(snapshot, roots, times, revisions))
    plain = [
        (resource, _complete(resource, each))
        for resource in KINDS
        if resource not in (*_TEMPLATED, "nodes", "pods", "events")
        for each in snapshot.of(resource)
    ]
    grown = [(resource, each) for resource, items in workloads.items() for each in items]
    stand_ins = _stand_ins([*(each for _, each in grown), *pods])
    return Prepared(
        (*plain, *((STAND_IN, each) for each in stand_ins), *grown),
        pods,
        roots,
        times,
        tuple(_assumed(running, stand_ins, broken)),
    )


def _complete(resource: str, obj: Obj) -> Obj:
    version, kind = KINDS[resource]
    meta = obj["metadata"]
    uid = meta.get("uid") or f"{resource}/{meta.get('namespace', '')}/{meta['name']}"
    return {"apiVersion": version, "kind": kind, **obj, "metadata": {**meta, "uid": uid}}


def _copies(snapshot: Snapshot, resource: str) -> list[Obj]:
    found = []
    for each in snapshot.of(resource):
        made = copy.deepcopy(_complete(resource, each))
        _name_images(made["spec"]["template"]["spec"])
        found.append(made)
    return found


def _name_images(spec: Obj) -> None:
    """Name an image in every container: a snapshot has none, and no pod is made without."""
    for kind in ("containers", "initContainers"):
        for each in spec.get(kind) or ():
            each["image"] = each["name"]


def _root(resource: str, obj: Obj) -> Root:
    owner = controller_of(obj)
    kind, name = (owner["kind"], owner["name"]) if owner else (_TEMPLATED[resource], obj["metadata"]["name"])
    return kind, obj["metadata"].get("namespace", ""), name


def _time(obj: Obj, root: Root, times: Times, broken: set[Root]) -> None:
    template = obj["spec"]["template"]
    grace = float(template["spec"].get("terminationGracePeriodSeconds") or 30)
    start = times.start(root)
    least, most = (max(each - KUBELET_START_S, 0.1) for each in (start.least, start.most))
    marks = {
        READY: "never" if root in broken else f"{least:.1f}..{most:.1f}",
        STOP: times.stop(root, grace).text(),
        ALIKE: "/".join(root),
    }
    if obj["kind"] == "Job":
        marks[RUN] = "never"
    template.setdefault("metadata", {})["annotations"] = marks


def _never_ready(snapshot: Snapshot, roots: dict[str, Root]) -> set[Root]:
    """Return the workloads that have placed pods and not one that is Ready: new ones will not be either."""
    ready: dict[Root, bool] = {}
    for pod in snapshot.of("pods"):
        if pod["spec"].get("nodeName") and pod["status"].get("phase") in ("Running", "Pending"):
            root = roots[pod["metadata"]["uid"]]
            ready[root] = ready.get(root, False) or condition(pod, "Ready").get("status") == "True"
    return {root for root, one in ready.items() if not one and root[0] not in ("Pod", "Job")}


def _is_over(job: Obj) -> bool:
    listed = job["status"].get("conditions") or ()
    return any(each.get("type") in ("Complete", "Failed") and each.get("status") == "True" for each in listed)


def _lost_sets(snapshot: Snapshot, workloads: dict[str, list[Obj]]) -> list[Obj]:
    """Return the ReplicaSets that pods name and the snapshot does not hold, rebuilt from those pods."""
    known = {each["metadata"]["uid"] for each in workloads["replicasets.apps"]}
    deployments = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each
        for each in workloads["deployments.apps"]
    }
    pods: dict[str, list[Obj]] = defaultdict(list)
    for pod in snapshot.of("pods"):
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "ReplicaSet" and owner["uid"] not in known:
            pods[owner["uid"]].append(pod)
    made = []
    for uid, members in pods.items():
        first, owner = members[0], controller_of(members[0]) or {}
        space, labels = first["metadata"]["namespace"], dict(first["metadata"].get("labels") or {})
        spec = copy.deepcopy({k: v for k, v in first["spec"].items() if k != "nodeName"})
        _name_images(spec)
        meta: Obj = {"name": owner["name"], "namespace": space, "uid": uid, "labels": labels}
        above = deployments.get((space, owner["name"].rpartition("-")[0]))
        if above is not None:
            meta["ownerReferences"] = [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": above["metadata"]["name"],
                    "uid": above["metadata"]["uid"],
                    "controller": True,
                }
            ]
        template = {"metadata": {"labels": labels}, "spec": spec}
        body = {"replicas": len(members), "selector": {"matchLabels": labels}, "template": template}
        status = {"replicas": len(members)}
        made.append(
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": meta, "spec": body, "status": status}
        )
    return made


def _follow_deployments(workloads: dict[str, list[Obj]]) -> None:
    """Give the present ReplicaSet of each Deployment exactly the template that its Deployment has."""
    owned: dict[str, list[Obj]] = defaultdict(list)
    for each in workloads["replicasets.apps"]:
        owner = controller_of(each)
        if owner is not None:
            owned[owner["uid"]].append(each)
    for each in workloads["deployments.apps"]:
        sets = owned.get(each["metadata"]["uid"])
        if not sets:
            continue
        newest = max(sets, key=lambda one: (_revision(one), one["spec"].get("replicas") or 0))
        labels = newest["spec"]["template"]["metadata"].get("labels") or {}
        mark = {key: value for key, value in labels.items() if key == "pod-template-hash"}
        template = copy.deepcopy(each["spec"]["template"])
        template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **mark}
        newest["spec"]["template"] = template


def _revision(obj: Obj) -> int:
    text = str((obj["metadata"].get("annotations") or {}).get(REVISION, "0"))
    return int(text) if text.isdigit() else 0


def _revisions(workloads: dict[str, list[Obj]]) -> dict[str, str]:
    """Return uid of a StatefulSet or DaemonSet -> the revision label that its pods must have."""
    found = {}
    for each in workloads["statefulsets.apps"]:
        name = f"{each['metadata']['name']}-{digest(each['spec']['template'])}"
        found[each["metadata"]["uid"]] = name
        each["status"] |= {"currentRevision": name, "updateRevision": name}
    for each in workloads["daemonsets.apps"]:
        found[each["metadata"]["uid"]] = digest(each["spec"]["template"])
    return found


def _pods(
    snapshot: Snapshot, roots: dict[str, Root], times: Times, revisions: dict[str, str]
) -> Iterator[Obj]:
    for given in snapshot.of("pods"):
        pod = _complete("pods", given)
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        meta, root = pod["metadata"], roots[given["metadata"]["uid"]]
        owner = controller_of(pod)
        labels = dict(meta.get("labels") or {})
        if owner is not None and owner["uid"] in revisions:
            labels[HASH] = revisions[owner["uid"]]
        grace = float(pod["spec"].get("terminationGracePeriodSeconds") or 30)
        start = times.start(root)
        marks = {STOP: times.stop(root, grace).text(), READY: f"{start.least:.1f}..{start.most:.1f}"}
        marks[ALIKE] = "/".join(root)
        if pod["spec"].get("restartPolicy") in ("Never", "OnFailure"):
            marks[RUN] = "never"
        placed_unready = pod["spec"].get("nodeName") and condition(pod, "Ready").get("status") != "True"
        if placed_unready and pod["status"].get("phase") == "Running":
            marks[READY] = "never"
        annotations = {**(meta.get("annotations") or {}), **marks}
        yield {**pod, "metadata": {**meta, "labels": labels, "annotations": annotations}}


def _stand_ins(objects: Iterable[Obj]) -> list[Obj]:
    """Return an object for every owner that is named and not there."""
    listed = list(objects)
    known = {each["metadata"]["uid"] for each in listed}
    wanted: dict[str, Obj] = {}
    for each in listed:
        for reference in each["metadata"].get("ownerReferences") or ():
            if reference["uid"] not in known:
                wanted[reference["uid"]] = reference
    return [
        {
            "apiVersion": each.get("apiVersion", "v1"),
            "kind": each["kind"],
            "metadata": {"name": f"{each['name']}-{uid}", "uid": uid},
        }
        for uid, each in sorted(wanted.items())
    ]


def _assumed(jobs: list[Obj], owners: list[Obj], broken: set[Root]) -> Iterator[str]:
    if jobs:
        yield "how long running Jobs still run is unknown: they count as running to the end of the update"
    kinds = sorted({each["kind"] for each in owners} - {"Node", "Job", "CronJob"})
    if kinds:
        yield (
            f"what controls objects of {', '.join(kinds)} is not part of a rehearsal: pods that they own "
            "directly are not started again"
        )
    if broken:
        names = ", ".join(f"{space}/{name}" for _, space, name in sorted(broken)[:5])
        yield f"no pod of {names} is Ready in the snapshot, so no new one becomes Ready"
