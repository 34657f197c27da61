"""What a story needs that plays on simulated machines in a real cluster: a node group of its own, pods that
want its nodes, and what both sides say of them.

Many stories play on one stage at once, each in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import boto3

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.plane import Plane
from tests.real.machines import asked

OLD = "1.34.0-20250930"
LIMIT_S = 240.0
EVERY_S = 0.5
"""A dozen stories look at once: more often, they would be what keeps the machine busy."""
GROUP = "eks.amazonaws.com/nodegroup"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
DEPLOYMENTS, PODS = "/apis/apps/v1/namespaces/default/deployments", "/api/v1/namespaces/default/pods"
BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

Obj = dict[str, Any]


def our_client(service: Service) -> Any:
    """Return a boto3 client of our own operations."""
    session = boto3.Session(ACCOUNT, "any", region_name=REGION)
    session._loader.search_paths.append(str(resources.files("nodeyard.api").joinpath("models")))
    return session.client("nodeyard", endpoint_url=service.endpoint)


@dataclass(frozen=True)
class Stage:
    """`name` is the group's, and the label `app` of its pods."""

    plane: Plane
    service: Service
    ours: Any
    name: str

    def until(self, done: Callable[[], Any]) -> None:
        self.service.until(lambda: bool(done()), limit_s=LIMIT_S, every_s=EVERY_S)

    # --- the node group ---

    @property
    def eks(self) -> Any:
        return self.service.client("eks")

    @property
    def names(self) -> dict[str, str]:
        return {"clusterName": yard.CLUSTER, "nodegroupName": self.name}

    def has_group(self, desired: int = 1, **more: Any) -> dict[str, Obj]:
        """Make a group of an old release, wait until it is ACTIVE, and return its nodes by uid."""
        given = {"releaseVersion": OLD} | more
        yard.a_group(self.service, self.name, desired, **given)
        self.until(lambda: yard.status(self.service, self.name) == "ACTIVE")
        return self.nodes()

    def described(self) -> Obj:
        found: Obj = self.eks.describe_nodegroup(**self.names)["nodegroup"]
        return found

    def issues(self) -> list[str]:
        return [each["code"] for each in self.described()["health"]["issues"]]

    def begins(self, **more: Any) -> str:
        """Ask for an update, of the release unless something else is said, and return its id."""
        id: str = self.eks.update_nodegroup_version(**self.names, **more)["update"]["id"]
        return id

    def update(self, id: str) -> Obj:
        found: Obj = self.eks.describe_update(name=yard.CLUSTER, nodegroupName=self.name, updateId=id)[
            "update"
        ]
        return found

    def ended(self, id: str, look: Callable[[], None] = lambda: None) -> Obj:
        """Wait for the end of an update, looking at every turn, and return it."""

        def over() -> bool:
            look()
            return bool(self.update(id)["status"] != "InProgress")

        self.until(over)
        return self.update(id)

    def blockers(self, id: str) -> list[Obj]:
        told = self.ours.describe_update_progress(clusterName=yard.CLUSTER, updateId=id)
        found: list[Obj] = told["progress"].get("blockers", [])
        return found

    def fault(self, name: str, **more: Any) -> str:
        made: str = self.ours.set_fault(name=name, group=self.name, **more)["faultId"]
        return made

    # --- the real cluster ---

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Obj:
        return asked(self.plane, method, path, body, kind)

    def nodes(self) -> dict[str, Obj]:
        """Return uid -> node of the group, as the real API server has it."""
        found = self.ask("GET", f"/api/v1/nodes?labelSelector={GROUP}%3D{self.name}")["items"]
        return {each["metadata"]["uid"]: each for each in found}

    def is_replaced(self, before: dict[str, Obj]) -> bool:
        """Tell whether there are as many nodes as before, all of them others and Ready."""
        now = self.nodes()
        return (
            len(now) == len(before)
            and not now.keys() & before.keys()
            and all(map(yard.ready_since, now.values()))
        )

    def pod_spec(self) -> Obj:
        return {"nodeSelector": {GROUP: self.name}, "containers": [{"name": "app", "image": "app:1"}]}

    def has_deployment(self, replicas: int) -> None:
        """Make a Deployment that wants the nodes of the group, and wait until all of it is available."""
        labels = {"app": self.name}
        template = {"metadata": {"labels": labels}, "spec": self.pod_spec()}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        self.ask("POST", DEPLOYMENTS, {"metadata": {"name": self.name}, "spec": spec})
        self.until(lambda: self.available() == replicas)

    def scale(self, replicas: int) -> None:
        self.ask("PATCH", f"{DEPLOYMENTS}/{self.name}", {"spec": {"replicas": replicas}}, MERGE)

    def available(self) -> int:
        found = self.ask("GET", f"{DEPLOYMENTS}/{self.name}")
        return int(found["status"].get("availableReplicas", 0))

    def has_budget(self, available: int, name: str = "") -> None:
        labels = {"app": self.name}
        spec = {"minAvailable": available, "selector": {"matchLabels": labels}}
        self.ask("POST", BUDGETS, {"metadata": {"name": name or self.name}, "spec": spec})

    def has_no_budget(self, name: str = "") -> None:
        self.ask("DELETE", f"{BUDGETS}/{name or self.name}")

    def has_pod(self, name: str, spec: Obj | None = None, **metadata: Any) -> None:
        """Make a pod that nothing owns, and wait until it runs."""
        body = {"metadata": {"name": name} | metadata, "spec": self.pod_spec() | (spec or {})}
        self.ask("POST", PODS, body)
        self.until(lambda: self.pods().get(name, {}).get("status", {}).get("phase") == "Running")

    def pods(self) -> dict[str, Obj]:
        """Return name -> pod of the nodes of the group."""
        names = {each["metadata"]["name"] for each in self.nodes().values()}
        found = self.ask("GET", PODS)["items"]
        return {each["metadata"]["name"]: each for each in found if each["spec"].get("nodeName") in names}

    def evicted(self) -> Iterator[str]:
        """Yield the name of each pod whose eviction the API server was asked for, by its own log."""
        for each in self.plane.audited():
            asked_for = each.get("objectRef") or {}
            if asked_for.get("subresource") == "eviction":
                yield asked_for["name"]
