"""A world, a database and the processes of the service on it, for one play after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import botocore.config
from botocore.exceptions import BotoCoreError

from tests.e2e import yard
from tests.e2e.service import Service
from tests.e2e.serving import Process, Yard
from tests.kills import nursery
from tests.kills.watch import Watch
from tests.postgres import Postgres

SPEED = "40"
LIMIT_S = 180.0
ONCE = botocore.config.Config(retries={"total_max_attempts": 1})
ALIVE = ("pending", "running")
NODEGROUP = "eks.amazonaws.com/nodegroup"


class Stage:
    """On SQLite one process, started again when it was killed; on PostgreSQL an API process and two workers,
    of which the killed one does not come back before the play is over."""

    def __init__(self, folder: Path, world: Service, database: Postgres | str) -> None:
        self.world, self._folder = world, folder
        self.alone = isinstance(database, str)
        self.kind = "SQLite" if self.alone else "PostgreSQL"
        role = "all" if self.alone else "api"
        self._options = {
            "flags_too": ("--speed", SPEED),
            "direct": True,
            "start": partial(nursery.born, folder),
        }
        self.served = Yard(folder, database, world, role=role, **self._options)
        self._played, self.playing = 0, ""
        self.eks: Any = None
        self.begin()
        self.served.cluster()
        # Where every node of a cluster goes, its budget would hold up each end of a play until it gives up.
        yard.kubernetes(
            world, "DELETE", "/apis/policy/v1/namespaces/kube-system/poddisruptionbudgets/coredns"
        )

    def end(self) -> None:
        self.served.end()

    def begin(self) -> str:
        """See that every process is there, and return the name of a new group."""
        self.stand_in()
        workers = [each for each in self.served.processes if each.role != "api" and _runs(each)]
        for _ in range(len(workers), 1 if self.alone else 2):
            self.served.process("worker", **self._options)
        self._played += 1
        self.playing = f"group-{self._played}"
        return self.playing

    def arm(self, step: int, how: str) -> None:
        """Have the process that comes to a step of that number killed there; -1: have steps written down."""
        (self._folder / "steps").write_text("")
        draft = self._folder / "draft"
        draft.write_text(f"{step} {how}")
        draft.replace(self._folder / "kill")

    def disarm(self) -> list[str]:
        """Return the names of the steps that were done."""
        (self._folder / "kill").unlink(missing_ok=True)
        steps = self._folder / "steps"
        return steps.read_text().splitlines() if steps.exists() else []

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait until something holds, whoever dies meanwhile."""

        def looked() -> bool:
            self.stand_in()
            try:
                return done()
            except BotoCoreError:
                return False  # it died between two looks

        try:
            self.served.until(looked, limit_s=LIMIT_S)
        except AssertionError as error:
            raise AssertionError(f"{what} never came: {self.seen()}\n{str(error)[-3000:]}") from None

    def end_of(self, name: str) -> dict[str, Any]:
        """Return what is the same at the end of every play; the last kill may come after it."""
        found: dict[str, Any] = {}

        def looked() -> bool:
            found.update(self._state(name))
            return True

        self.until(looked, "a look at the end")
        return found

    def stand_in(self) -> None:
        """Where there is one process, start it again when it was killed."""
        last = self.served.processes[-1]
        if self.alone and not _runs(last):
            last.end()
            last = self.served.process("all", **self._options)
        answering = last if self.alone else self.served.processes[0]
        if self.eks is None or self.eks.meta.endpoint_url != answering.endpoint:
            self.eks = self.served.eks = answering.eks(ONCE)

    # --- looking ---

    def group(self, name: str) -> dict[str, Any] | None:
        try:
            found = self.eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)
        except self.eks.exceptions.ResourceNotFoundException:
            return None
        made: dict[str, Any] = found["nodegroup"]
        return made

    def nodes(self, name: str) -> list[dict[str, Any]]:
        found = yard.nodes(self.world).values()
        return [each for each in found if each["metadata"]["labels"].get(NODEGROUP) == name]

    def seen(self) -> dict[str, int]:
        """Count what there is in the account and the cluster."""
        return yard.made(self.world) | {"nodes": len(yard.nodes(self.world))}

    def _state(self, name: str) -> dict[str, Any]:
        group = self.group(name)
        described = self.world.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        nodes = [
            (bool(yard.ready_since(each)), bool(each["spec"].get("unschedulable")), len(_taints(each)))
            for each in self.nodes(name)
        ]
        found: dict[str, Any] = {
            "account": self.seen(),
            "instances": Counter(s for s in yard.instances(self.world).values() if s in ALIVE),
            "sizes": [(each["MinSize"], each["MaxSize"], each["DesiredCapacity"]) for each in described],
            "members": Counter(
                (one["LifecycleState"], one["LaunchTemplate"]["Version"])
                for each in described
                for one in each["Instances"]
            ),
            "nodes": Counter(nodes),
        }
        if group is not None:
            issues = tuple(each["code"] for each in group["health"]["issues"])
            found["group"] = (group["status"], issues, group["releaseVersion"], group["scalingConfig"])
            found["updates"] = Counter(self._updates(name))
        return found

    def _updates(self, name: str) -> list[tuple[str, str]]:
        named = {"name": yard.CLUSTER, "nodegroupName": name}
        found = []
        for id in self.eks.list_updates(**named)["updateIds"]:
            update = self.eks.describe_update(updateId=id, **named)["update"]
            found.append((update["type"], update["status"]))
        return found

    def watch(self) -> Watch:
        return Watch(self.world)


def _runs(process: Process) -> bool:
    return process.popen.poll() is None


def _taints(node: dict[str, Any]) -> list[Any]:
    return node["spec"].get("taints") or []
