"""The Job controller: pods that run to their end, as many as the job asks for.

A finalizer keeps each pod until it is counted, so that a pod lost with its node is never forgotten.
Source: Kubernetes, package controller/job, syncJob.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, place_of
from nodeyard.world.kubernetes.controllers.job_counts import (
    INDEX,
    has_failed,
    index_of,
    read_indexes,
    restarts,
    verdict,
    write_indexes,
)
from nodeyard.world.kubernetes.controllers.pods import (
    is_active,
    is_leaving,
    is_ready,
    is_true,
    owner_of,
    pod_from,
    with_condition,
)
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]
Key = tuple[str, str, str]

JOBS = "jobs.batch"
TRACKING = "batch.kubernetes.io/job-tracking"
_COMPONENT = "job-controller"
_BACKOFF_S, _BACKOFF_MAX_S = 10.0, 360.0
_BURST = 500


class Jobs(Controller):
    """Runs the pods of Jobs."""

    watches = frozenset({JOBS, "pods"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._setbacks: dict[str, tuple[int, datetime]] = {}
        """Job uid -> failures since the last success, and when the last one was."""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == JOBS:
            self.queue.add((*place_of(obj), obj["metadata"]["uid"]))
            return
        owner = owner_of(obj)
        if owner is not None and owner["kind"] == "Job":
            self.queue.add((obj["metadata"]["namespace"], owner["name"], owner["uid"]))

    def reconcile(self, key: Key) -> None:
        namespace, name, uid = key
        job = self.store.get(JOBS, namespace, name)
        if job is None or job["metadata"]["uid"] != uid or is_leaving(job):
            self._setbacks.pop(uid, None)
            for pod in self._pods(uid):
                self._let_go(pod)
            return
        if is_true(job, "Complete") or is_true(job, "Failed"):
            self._expire(key, job)
            return
        status = copy.deepcopy(job.get("status") or {})
        if not status.get("startTime") and not job["spec"].get("suspend"):
            status["startTime"] = self.stamp()
        failure = self._count(job, status)
        pods = self._pods(uid)
        active = [pod for pod in pods if is_active(pod)]
        failure = failure or self._exceeded(key, job, status, active)
        if failure is not None:
            self._fail(job, status, failure, active)
        elif self._is_complete(job, status, active):
            self._complete(job, status, active)
        elif job["spec"].get("suspend"):
            self._suspend(job, status, active)
        else:
            self._resume(job, status)
            self._run(key, job, status, active)
        self._write(job, status)

    def _pods(self, uid: str) -> list[Obj]:
        return [obj for kind, obj in self.store.owned_by(uid) if kind == "pods"]

    # --- counting ---

    def _count(self, job: Obj, status: Obj) -> tuple[str, str] | None:
        """Count pods that have ended; return the reason and message when one of them fails the whole job."""
        failure = None
        done = read_indexes(status.get("completedIndexes", ""))
        uid = job["metadata"]["uid"]
        for pod in self._pods(uid):
            if TRACKING not in (pod["metadata"].get("finalizers") or ()):
                continue
            index = index_of(pod)
            if pod["status"].get("phase") == "Succeeded":
                if index is None or index not in done:
                    status["succeeded"] = int(status.get("succeeded") or 0) + 1
                if index is not None:
                    done.add(index)
                self._setbacks.pop(uid, None)
            elif has_failed(pod):
                action, why = verdict(job, pod)
                if action == "FailJob":
                    failure = ("PodFailurePolicy", why)
                if action != "Ignore":
                    status["failed"] = int(status.get("failed") or 0) + 1
                    before = self._setbacks.get(uid, (0, self.clock.now()))[0]
                    self._setbacks[uid] = (before + 1, self.clock.now())
            else:
                continue
            self._let_go(pod)
        if done:
            status["completedIndexes"] = write_indexes(done)
        return failure

    def _let_go(self, pod: Obj) -> None:
        """Take the finalizer off a pod."""
        kept = [each for each in pod["metadata"].get("finalizers") or () if each != TRACKING]
        if len(kept) == len(pod["metadata"].get("finalizers") or ()):
            return
        metadata = {**pod["metadata"], "finalizers": kept}
        self.api.update("pods", *place_of(pod), {**pod, "metadata": metadata})

    def _exceeded(self, key: Key, job: Obj, status: Obj, active: list[Obj]) -> tuple[str, str] | None:
        """Return which limit of the job is passed, as reason and message."""
        spec, limit = job["spec"], int(job["spec"].get("backoffLimit", 6))
        again = 0
        if spec["template"]["spec"].get("restartPolicy") == "OnFailure":
            again = restarts(active)
        if int(status.get("failed") or 0) > limit or (again and again >= limit):
            return "BackoffLimitExceeded", "Job has reached the specified backoff limit"
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is not None and status.get("startTime") and not spec.get("suspend"):
            due = self.since(parsed(status["startTime"]), float(deadline))
            if due <= self.clock.now():
                return "DeadlineExceeded", "Job was active longer than specified deadline"
            self.queue.at(key, due)
        for item in status.get("conditions") or ():
            if item["type"] == "FailureTarget" and item["status"] == "True":
                return item["reason"], item["message"]
        return None

    @staticmethod
    def _is_complete(job: Obj, status: Obj, active: list[Obj]) -> bool:
        succeeded, wanted = int(status.get("succeeded") or 0), job["spec"].get("completions")
        if wanted is None:
            return succeeded > 0 and not active
        return succeeded >= int(wanted)

    # --- acting ---

    def _run(self, key: Key, job: Obj, status: Obj, active: list[Obj]) -> None:
        """Start and stop pods until as many run as should."""
        spec, succeeded = job["spec"], int(status.get("succeeded") or 0)
        parallel, completions = int(spec.get("parallelism", 1)), spec.get("completions")
        if completions is not None:
            wanted = min(parallel, int(completions) - succeeded)
        else:
            wanted = min(len(active), parallel) if succeeded else parallel
        if len(active) > wanted:
            # The youngest go first, those without a node before those that run.
            order = sorted(active, key=lambda pod: (bool(pod["spec"].get("nodeName")), is_ready(pod)))
            self._stop(job, order[: len(active) - wanted])
            return
        missing = wanted - len(active)
        if missing <= 0:
            return
        failures, last = self._setbacks.get(job["metadata"]["uid"], (0, self.clock.now()))
        if failures:
            due = self.since(last, min(_BACKOFF_S * 2 ** (failures - 1), _BACKOFF_MAX_S))
            if due > self.clock.now():
                self.queue.at(key, due)
                return
        if missing > _BURST:
            self.queue.add(key)
        for index in self._next(job, status, active, min(missing, _BURST)):
            self._start(job, index)

    @staticmethod
    def _next(job: Obj, status: Obj, active: list[Obj], count: int) -> list[int | None]:
        """Return the indexes of the pods to start; None for pods of jobs without indexes."""
        if job["spec"].get("completionMode") != "Indexed":
            return [None] * count
        taken = read_indexes(status.get("completedIndexes", "")) | {index_of(pod) or 0 for pod in active}
        free = (index for index in range(int(job["spec"]["completions"])) if index not in taken)
        return [index for index, _ in zip(free, range(count), strict=False)]

    def _start(self, job: Obj, index: int | None) -> None:
        pod = pod_from(job, job["spec"]["template"])
        metadata = pod["metadata"]
        metadata["finalizers"] = [*(metadata.get("finalizers") or ()), TRACKING]
        if index is not None:
            metadata["annotations"] = {**(metadata.get("annotations") or {}), INDEX: str(index)}
            metadata["labels"] = {**metadata["labels"], INDEX: str(index)}
            metadata["generateName"] = f"{job['metadata']['name']}-{index}-"
            spec = pod["spec"] = copy.deepcopy(pod["spec"])
            spec["hostname"] = f"{job['metadata']['name']}-{index}"
            for container in spec.get("containers") or ():
                variable = {"name": "JOB_COMPLETION_INDEX", "value": str(index)}
                container["env"] = [*(container.get("env") or ()), variable]
        made = self.api.create("pods", job["metadata"]["namespace"], pod)
        text = f"Created pod: {made['metadata']['name']}"
        self.api.event(job, "Normal", "SuccessfulCreate", text, _COMPONENT)

    def _stop(self, job: Obj, pods: list[Obj]) -> None:
        """Delete pods that shall not count as failed."""
        for pod in pods:
            self._let_go(pod)
            self.api.delete("pods", *place_of(pod))
            text = f"Deleted pod: {pod['metadata']['name']}"
            self.api.event(job, "Normal", "SuccessfulDelete", text, _COMPONENT)

    # --- ends and pauses ---

    def _mark(self, status: Obj, kind: str, value: str, reason: str, message: str) -> None:
        item = {"type": kind, "status": value, "reason": reason, "message": message}
        stamped = {**item, "lastProbeTime": self.stamp()}
        status["conditions"] = with_condition(list(status.get("conditions") or ()), stamped, self.stamp())

    def _fail(self, job: Obj, status: Obj, failure: tuple[str, str], active: list[Obj]) -> None:
        self._mark(status, "FailureTarget", "True", *failure)
        if active:
            self._stop(job, active)
        if self._pods_left(job):
            return
        self._mark(status, "Failed", "True", *failure)
        self.api.event(job, "Warning", failure[0], failure[1], _COMPONENT)

    def _pods_left(self, job: Obj) -> bool:
        return any(
            pod["status"].get("phase") not in ("Succeeded", "Failed")
            for pod in self._pods(job["metadata"]["uid"])
        )

    def _complete(self, job: Obj, status: Obj, active: list[Obj]) -> None:
        reached = ("CompletionsReached", "Reached expected number of succeeded pods")
        self._mark(status, "SuccessCriteriaMet", "True", *reached)
        if active:
            self._stop(job, active)
        if self._pods_left(job):
            return
        self._mark(status, "Complete", "True", *reached)
        status["completionTime"] = self.stamp()
        self.api.event(job, "Normal", "Completed", "Job completed", _COMPONENT)

    def _suspend(self, job: Obj, status: Obj, active: list[Obj]) -> None:
        self._stop(job, active)
        status.pop("startTime", None)
        if not is_true({"status": status}, "Suspended"):
            self._mark(status, "Suspended", "True", "JobSuspended", "Job suspended")
            self.api.event(job, "Normal", "Suspended", "Job suspended", _COMPONENT)

    def _resume(self, job: Obj, status: Obj) -> None:
        if is_true({"status": status}, "Suspended"):
            self._mark(status, "Suspended", "False", "JobResumed", "Job resumed")
            status["startTime"] = self.stamp()
            self.api.event(job, "Normal", "Resumed", "Job resumed", _COMPONENT)

    def _write(self, job: Obj, status: Obj) -> None:
        pods = self._pods(job["metadata"]["uid"])
        active = [pod for pod in pods if is_active(pod)]
        counts = {
            "active": len(active),
            "ready": sum(is_ready(pod) for pod in active),
            "terminating": sum(is_leaving(pod) for pod in pods),
        }
        for name, count in counts.items():
            status.pop(name, None)
            if count or name != "active":
                status[name] = count
        status["uncountedTerminatedPods"] = {}
        self.put_status(JOBS, self.api.get(JOBS, *place_of(job)), status)

    def _expire(self, key: Key, job: Obj) -> None:
        """Delete a finished job when its time is over; pods that ended since are let go."""
        for pod in self._pods(key[2]):
            self._let_go(pod)
        limit = job["spec"].get("ttlSecondsAfterFinished")
        if limit is None:
            return
        ended = next(
            each["lastTransitionTime"]
            for each in job["status"]["conditions"]
            if each["type"] in ("Complete", "Failed") and each["status"] == "True"
        )
        due = self.since(parsed(ended), float(limit))
        if due <= self.clock.now():
            self.api.delete(JOBS, key[0], key[1], propagation="Background")
        else:
            self.queue.at(key, max(due, self.clock.now() + timedelta(milliseconds=1)))
