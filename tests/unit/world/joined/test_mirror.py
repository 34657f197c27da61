"""What kubelets say reaches a real API server once and whole, whatever is lost, late or told twice."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from nodeyard.drivers.system import SeededIds
from nodeyard.ports import Conflict, NotFound, PortError, Unavailable
from nodeyard.world.joined.api_server import Told
from nodeyard.world.joined.mirror import JOINED_BY, Mirror
from nodeyard.world.joined.outbox import AGAIN_S
from nodeyard.world.kubernetes.controllers.kubelets import LEASES, NAMESPACE
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.machines import leases
from tests.fakes import FakeClock
from tests.virtual import virtual_clock

Obj = dict[str, Any]
OWNER = "of-this-test"


class Server:
    """An API server whose watch tells only when the test says so. `fails` is raised by the next call."""

    url, ca_data = "https://real", ""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Obj] = {}
        self.leases: dict[str, Obj] = {}
        self.calls: list[str] = []
        self.fails: PortError | None = None
        self.answer_lost = False
        self._versions = itertools.count(10)

    def put(self, resource: str, obj: Obj, **metadata: Any) -> Obj:
        name = obj["metadata"]["name"]
        version = {"resourceVersion": str(next(self._versions))}
        made = {**obj, "metadata": {**obj["metadata"], **metadata, **version}}
        self.objects[resource, name] = made
        return made

    def _call(self, what: str) -> None:
        self.calls.append(what)
        failure, self.fails = self.fails, None
        if failure is not None:
            raise failure

    def _held(self, resource: str, obj: Obj) -> Obj:
        held = self.objects.get((resource, obj["metadata"]["name"]))
        if held is None:
            raise NotFound("gone")
        if held["metadata"]["uid"] != obj["metadata"]["uid"]:
            raise Conflict("another one")
        return held

    async def nodes(self) -> list[Obj]:
        return [obj for (resource, _), obj in self.objects.items() if resource == "nodes"]

    async def follow(self, resource: str, told: Told) -> None:
        raise NotImplementedError

    async def register(self, node: Obj) -> Obj:
        name = node["metadata"]["name"]
        self._call(f"register {name}")
        if ("nodes", name) in self.objects:
            raise Conflict("the name is taken")
        assert "uid" not in node["metadata"] and "resourceVersion" not in node["metadata"]
        made = self.put("nodes", node, uid=f"real-{next(self._versions)}")
        if self.answer_lost:
            self.answer_lost = False
            raise Unavailable("the answer was lost")
        return made

    async def report(self, resource: str, obj: Obj) -> Obj:
        self._call(f"report {obj['metadata']['name']}")
        return self.put(resource, {**self._held(resource, obj), "status": obj["status"]})

    async def end(self, resource: str, obj: Obj) -> Obj:
        self._call(f"end {obj['metadata']['uid']}")
        held = self._held(resource, obj)
        if held["metadata"].get("finalizers"):
            return self.put(resource, held, deletionTimestamp="now", deletionGracePeriodSeconds=0)
        return self.objects.pop((resource, obj["metadata"]["name"]))

    async def renew(self, lease: Obj) -> None:
        self.leases[lease["metadata"]["name"]] = lease

    async def record(self, event: Obj) -> None:
        self.calls.append(f"event {event['reason']}")


class World:
    """A mirror at work."""

    def __init__(self) -> None:
        self.server = Server()
        self.clock = FakeClock()
        self.mirror = Mirror(self.server, self.clock, SeededIds(1), OWNER)
        self.handle = ClusterHandle("1", "r", "c", "1.34", "", self.mirror.api, self.mirror.store)

    async def settle(self, seconds: float = 0.1) -> None:
        await virtual_clock().sleep(seconds)

    def boot(self, instance: str) -> Obj:
        """Do what `Machines` does when a machine joins."""
        spec = {"providerID": f"aws:///a/{instance}"}
        made = self.mirror.api.create("nodes", None, {"metadata": {"name": "n1"}, "spec": spec})
        leases.hold(self.handle, made, self.clock)
        return made

    def kept(self, resource: str, name: str) -> Obj | None:
        namespace = "default" if resource == "pods" else None
        return self.mirror.store.get(resource, namespace, name)

    async def a_pod(self, **metadata: Any) -> Obj:
        """Bind a pod to a node of ours, and let the watch tell of both."""
        self.boot("i-1")
        await self.settle()
        metadata = {"name": "p1", "namespace": "default", "uid": "pod-1", **metadata}
        spec = {"nodeName": "n1", "containers": []}
        pod = self.server.put("pods", {"metadata": metadata, "spec": spec, "status": {"phase": "Pending"}})
        self.mirror.told("pods", None, pod)
        self.server.calls.clear()
        return pod

    def says(self, pod: Obj, phase: str) -> None:
        kept = self.kept("pods", pod["metadata"]["name"])
        assert kept is not None
        self.mirror.store.put("pods", {**kept, "status": {"phase": phase}})


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    task = asyncio.create_task(made.mirror.outbox.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_machine_becomes_a_node_with_a_lease_of_that_node(world: World) -> None:
    world.boot("i-1")
    await world.settle()
    real = world.server.objects["nodes", "n1"]
    kept = world.kept("nodes", "n1")
    assert kept is not None and kept["metadata"]["uid"] == real["metadata"]["uid"]
    assert real["metadata"]["annotations"][JOINED_BY] == OWNER
    (owner,) = world.server.leases["n1"]["metadata"]["ownerReferences"]
    assert owner["uid"] == real["metadata"]["uid"]


async def test_a_lease_is_renewed_while_its_kubelet_lives(world: World) -> None:
    world.boot("i-1")
    await world.settle()
    world.clock.advance(10)
    world.mirror.renew()
    await world.settle()
    second = world.server.leases["n1"]["spec"]["renewTime"]
    leases.drop(world.handle, "n1", world.clock)
    await world.settle()
    world.clock.advance(10)
    world.mirror.renew()
    await world.settle()
    assert world.server.leases["n1"]["spec"]["renewTime"] == second


async def test_a_registration_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    world.server.answer_lost = True
    world.boot("i-1")
    await world.settle()
    world.mirror.told("nodes", None, world.server.objects["nodes", "n1"])
    await world.settle(2 * AGAIN_S)
    kept = world.kept("nodes", "n1")
    assert kept is not None
    assert kept["metadata"]["uid"] == world.server.objects["nodes", "n1"]["metadata"]["uid"]
    assert world.server.calls == ["register n1"]


async def test_a_node_of_others_is_never_touched(world: World) -> None:
    spec = {"providerID": "kind://x"}
    other = world.server.put("nodes", {"metadata": {"name": "n1", "uid": "theirs"}, "spec": spec})
    world.mirror.told("nodes", None, other)
    assert world.kept("nodes", "n1") is None
    pod = {"metadata": {"name": "p1", "namespace": "default", "uid": "p"}, "spec": {"nodeName": "n1"}}
    world.mirror.told("pods", None, pod)
    assert world.kept("pods", "p1") is None
    world.boot("i-1")
    await world.settle(3 * AGAIN_S)
    assert world.server.objects["nodes", "n1"] == other
    assert set(world.server.calls) == {"register n1"}
    assert "n1" not in world.server.leases


async def test_a_new_machine_with_the_name_of_an_earlier_one_takes_its_place(world: World) -> None:
    world.boot("i-1")
    await world.settle()
    first = world.server.objects["nodes", "n1"]
    world.mirror.told("nodes", None, first)
    for resource, namespace in (("nodes", None), (LEASES, NAMESPACE)):
        world.mirror.api.delete(resource, namespace, "n1")
    world.boot("i-2")
    await world.settle()
    world.mirror.told("nodes", first, None)
    real = world.server.objects["nodes", "n1"]
    assert real["spec"]["providerID"].endswith("i-2")
    kept = world.kept("nodes", "n1")
    assert kept is not None and kept["metadata"]["uid"] == real["metadata"]["uid"]


async def test_a_node_that_somebody_deletes_is_gone_here_too(world: World) -> None:
    world.boot("i-1")
    await world.settle()
    real = world.server.objects.pop(("nodes", "n1"))
    world.mirror.told("nodes", real, None)
    assert world.kept("nodes", "n1") is None
    assert world.mirror.store.get(LEASES, NAMESPACE, "n1") is None
    await world.settle()
    assert world.server.calls == ["register n1"]


async def test_what_waits_to_be_told_is_not_undone_by_an_older_status(world: World) -> None:
    pod = await world.a_pod()
    world.says(pod, "Running")
    labelled = world.server.put("pods", pod, labels={"new": "label"})
    world.mirror.told("pods", pod, labelled)
    kept = world.kept("pods", "p1")
    assert kept is not None and kept["status"]["phase"] == "Running"
    assert kept["metadata"]["labels"] == {"new": "label"}
    await world.settle()
    assert world.server.objects["pods", "p1"]["status"]["phase"] == "Running"


async def test_the_watch_that_comes_after_the_answer_changes_nothing(world: World) -> None:
    pod = await world.a_pod()
    late = world.server.put("pods", pod, labels={"late": "told"})
    world.says(pod, "Running")
    await world.settle()
    world.mirror.told("pods", pod, late)
    kept = world.kept("pods", "p1")
    assert kept is not None and kept["status"]["phase"] == "Running"


async def test_many_changes_are_told_once(world: World) -> None:
    pod = await world.a_pod()
    for phase in ("Running", "Failed", "Succeeded"):
        world.says(pod, phase)
    await world.settle()
    assert world.server.calls == ["report p1"]
    assert world.server.objects["pods", "p1"]["status"]["phase"] == "Succeeded"


async def test_a_call_that_failed_is_made_again(world: World) -> None:
    pod = await world.a_pod()
    world.server.fails = Unavailable("no answer")
    world.says(pod, "Running")
    await world.settle(2 * AGAIN_S)
    assert world.server.calls == ["report p1", "report p1"]
    assert world.server.objects["pods", "p1"]["status"]["phase"] == "Running"


async def test_a_pod_that_ended_is_not_brought_back_by_the_watch(world: World) -> None:
    pod = await world.a_pod(deletionTimestamp="now", deletionGracePeriodSeconds=30)
    world.mirror.api.pod_gone("default", "p1", "pod-1")
    world.mirror.told("pods", pod, pod)
    assert world.kept("pods", "p1") is None
    await world.settle()
    assert world.server.calls == ["end pod-1"] and ("pods", "p1") not in world.server.objects
    world.mirror.told("pods", pod, pod)
    assert world.kept("pods", "p1") is None


async def test_the_successor_of_a_pod_under_the_same_name_is_another_pod(world: World) -> None:
    pod = await world.a_pod(deletionTimestamp="now", deletionGracePeriodSeconds=30)
    world.mirror.api.pod_gone("default", "p1", "pod-1")
    await world.settle()
    second = world.server.put("pods", pod, uid="pod-2", deletionTimestamp=None)
    world.mirror.told("pods", pod, second)
    kept = world.kept("pods", "p1")
    assert kept is not None and kept["metadata"]["uid"] == "pod-2"
    await world.settle()
    assert world.server.calls == ["end pod-1"]


async def test_a_pod_with_a_finalizer_stays_until_somebody_takes_it_off(world: World) -> None:
    held = {"finalizers": ["example.com/wait"], "deletionTimestamp": "now", "deletionGracePeriodSeconds": 30}
    pod = await world.a_pod(**held)
    world.mirror.api.pod_gone("default", "p1", "pod-1")
    await world.settle()
    assert world.server.calls == ["end pod-1"]
    assert world.kept("pods", "p1") is not None
    left = world.server.objects.pop(("pods", "p1"))
    world.mirror.told("pods", pod, left)
    world.mirror.told("pods", left, None)
    assert world.kept("pods", "p1") is None


async def test_a_finalizer_that_was_not_told_of_yet_brings_the_pod_back(world: World) -> None:
    pod = await world.a_pod(deletionTimestamp="now", deletionGracePeriodSeconds=30)
    world.server.put("pods", pod, finalizers=["example.com/wait"])
    world.mirror.api.pod_gone("default", "p1", "pod-1")
    await world.settle()
    kept = world.kept("pods", "p1")
    assert kept is not None and kept["metadata"]["finalizers"] == ["example.com/wait"]


async def test_nodes_that_were_there_before_go_on(world: World) -> None:
    spec = {"providerID": "aws:///a/i-1"}
    metadata = {"name": "n1", "uid": "real-1", "annotations": {JOINED_BY: OWNER}}
    node = world.server.put("nodes", {"metadata": metadata, "spec": spec, "status": {}})
    world.mirror.take("nodes", node)
    world.mirror.hold("n1")
    await world.settle()
    assert world.server.leases["n1"]["metadata"]["ownerReferences"][0]["uid"] == "real-1"
    assert world.server.calls == []

    for resource, namespace in (("nodes", None), (LEASES, NAMESPACE)):  # as when its instance ends
        world.mirror.api.delete(resource, namespace, "n1")
    await world.settle()
    assert world.server.calls == ["end real-1"]
