"""Machines boot, join their cluster, fall silent and disappear, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nodeyard.drivers.system import SeededIds, VirtualClock
from nodeyard.world.aws.fleet import RUNNING, STOPPED, STOPPING, TERMINATED, Machine
from nodeyard.world.faults import Faults
from nodeyard.world.kubernetes.controllers.kubelets import LEASES, NAMESPACE
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.machines import Machines
from tests.nouns import a_machine
from tests.unit.world.machines.test_boot_instructions import NODE_CONFIG
from tests.virtual import virtual_clock

ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "demo"
Obj = dict[str, Any]


class Fleet:
    """Instances that a test starts and ends."""

    def __init__(self) -> None:
        self.machines: dict[str, Machine] = {}
        self._callbacks: list[Callable[[Machine], None]] = []

    def machines_now(self) -> tuple[Machine, ...]:
        return tuple(self.machines.values())

    def listen(self, callback: Callable[[Machine], None]) -> None:
        self._callbacks.append(callback)

    def show(self, machine: Machine) -> None:
        self.machines[machine.id] = machine
        for callback in self._callbacks:
            callback(machine)

    def state(self, id: str, state: str) -> None:
        self.show(replace(self.machines[id], state=state))


@dataclass
class Ground:
    """A process: its clock, clusters, instances and machines."""

    directory: Path
    clock: VirtualClock = field(default_factory=virtual_clock)
    fleet: Fleet = field(default_factory=Fleet)

    async def start(self) -> None:
        ids = SeededIds(3)
        self.kubernetes = EmbeddedKubernetes(
            clock=self.clock, ids=ids, data_dir=self.directory, host="127.0.0.1", port=1
        )
        self.machines = Machines(
            fleet=self.fleet,
            clusters=self.kubernetes,
            clock=self.clock,
            ids=ids,
            faults=Faults(self.clock, ids),
        )
        await self.kubernetes.start()
        await self.machines.start()

    async def stop(self) -> None:
        await self.machines.stop()
        await self.kubernetes.stop()

    async def cluster(self) -> ClusterHandle:
        return await self.kubernetes.create(ACCOUNT, REGION, CLUSTER, "1.34")

    def launch(self, number: int = 1, user_data: str = NODE_CONFIG, type: str = "m5.large") -> Machine:
        endpoint = f"https://127.0.0.1:1/{ACCOUNT}/{REGION}/{CLUSTER}"
        text = user_data.replace("https://127.0.0.1:8443/111122223333/eu-west-1/demo", endpoint)
        machine = a_machine(
            f"i-{number:017x}",
            zone="eu-west-1b",
            instance_type=type,
            private_ip=f"10.0.0.{number}",
            private_dns_name=f"ip-10-0-0-{number}.eu-west-1.compute.internal",
            image_id="ami-unknown",
            user_data=text.encode(),
            launched_at=self.clock.now(),
        )
        self.fleet.show(machine)
        return machine


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    made = Ground(tmp_path)
    await made.start()
    yield made
    await made.stop()


def ready(node: Obj) -> str:
    listed = node["status"].get("conditions") or []
    return next((str(each["status"]) for each in listed if each["type"] == "Ready"), "")


async def test_a_machine_becomes_a_ready_node_as_eks_has_it(ground: Ground) -> None:
    handle = await ground.cluster()
    machine = ground.launch()
    await ground.clock.sleep(9)
    assert handle.api.list("nodes") == []
    await ground.clock.sleep(51)
    node = handle.api.get("nodes", None, machine.private_dns_name)
    assert ready(node) == "True"
    assert node["spec"]["providerID"] == f"aws:///eu-west-1b/{machine.id}"
    taints = {(each["key"], each.get("value", ""), each["effect"]) for each in node["spec"]["taints"]}
    assert taints == {("dedicated", "gpu", "NoSchedule"), ("spot", "", "NoExecute")}
    assert node["metadata"]["labels"] == {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": "m5.large",
        "beta.kubernetes.io/os": "linux",
        "eks.amazonaws.com/nodegroup": "ng",
        "failure-domain.beta.kubernetes.io/region": "eu-west-1",
        "failure-domain.beta.kubernetes.io/zone": "eu-west-1b",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": machine.private_dns_name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m5.large",
        "team": "a",
        "topology.ebs.csi.aws.com/zone": "eu-west-1b",
        "topology.kubernetes.io/region": "eu-west-1",
        "topology.kubernetes.io/zone": "eu-west-1b",
    }
    assert node["status"]["capacity"]["pods"] == "17"
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.34.")
    assert "-eks-" in node["status"]["nodeInfo"]["kubeletVersion"]
    assert node["status"]["nodeInfo"]["osImage"].startswith("Amazon Linux 2023")
    assert [each["address"] for each in node["status"]["addresses"]] == [
        "10.0.0.1",
        machine.private_dns_name,
        machine.private_dns_name,
    ]
    assert handle.api.get(LEASES, NAMESPACE, machine.private_dns_name)
    agents = {
        pod["metadata"]["labels"].get("k8s-app") for pod in handle.store.pods_on(machine.private_dns_name)
    }
    assert agents == {"aws-node", "kube-proxy"}
    assert "Successfully registered node" in ground.machines.console(machine.id)


async def test_a_node_is_tainted_and_not_ready_until_its_network_runs(ground: Ground) -> None:
    handle = await ground.cluster()
    machine = ground.launch()
    seen: list[tuple[str, set[str]]] = []

    def look(change: Any) -> None:
        if change.resource == "nodes":
            keys = {each["key"] for each in change.object["spec"].get("taints") or ()}
            seen.append((ready(change.object), keys))

    handle.store.listen(look)
    await ground.clock.sleep(60)
    assert all("node.kubernetes.io/not-ready" in keys for state, keys in seen if state != "True")
    assert ("False", {"dedicated", "spot", "node.kubernetes.io/not-ready"}) in seen
    assert seen[-1] == ("True", {"dedicated", "spot"})
    assert machine.private_dns_name in {each["metadata"]["name"] for each in handle.api.list("nodes")}


async def test_a_terminated_machine_loses_its_node_and_its_pods(ground: Ground) -> None:
    handle = await ground.cluster()
    machine = ground.launch()
    await ground.clock.sleep(60)
    ground.fleet.state(machine.id, "shutting-down")
    await ground.clock.sleep(2)
    assert handle.api.get("nodes", None, machine.private_dns_name)
    ground.fleet.state(machine.id, TERMINATED)
    await ground.clock.sleep(10)
    assert handle.api.list("nodes") == []
    assert handle.api.list(LEASES, NAMESPACE) == []
    reasons = {each["reason"] for each in handle.api.list("events", "default")}
    assert "DeletingNode" in reasons
    await ground.clock.sleep(60)
    assert handle.store.pods_on(machine.private_dns_name) == []


async def test_a_stopped_machine_falls_silent_and_comes_back(ground: Ground) -> None:
    handle = await ground.cluster()
    machine = ground.launch()
    await ground.clock.sleep(60)
    ground.fleet.state(machine.id, STOPPING)
    await ground.clock.sleep(30)
    ground.fleet.state(machine.id, STOPPED)
    await ground.clock.sleep(15)
    node = handle.api.get("nodes", None, machine.private_dns_name)
    assert ready(node) == "Unknown"
    assert {"node.kubernetes.io/unreachable"} <= {each["key"] for each in node["spec"]["taints"]}
    ground.fleet.state(machine.id, RUNNING)
    await ground.clock.sleep(60)
    node = handle.api.get("nodes", None, machine.private_dns_name)
    assert ready(node) == "True"
    assert {each["key"] for each in node["spec"]["taints"]} == {"dedicated", "spot"}


async def test_a_rebooted_machine_falls_silent_and_its_agent_finds_nothing_wrong_afterwards(
    ground: Ground,
) -> None:
    handle = await ground.cluster()
    machine = ground.launch()
    await ground.clock.sleep(60)
    before = handle.api.get("nodes", None, machine.private_dns_name)
    ill = {"type": "AcceleratedHardwareReady", "status": "False", "reason": "NvidiaXID31Error"}
    conditions = [*before["status"]["conditions"], ill]
    handle.store.put("nodes", {**before, "status": {**before["status"], "conditions": conditions}})
    ground.fleet.show(replace(machine, reboots=1))
    await ground.clock.sleep(50)
    assert ready(handle.api.get("nodes", None, machine.private_dns_name)) == "Unknown"
    await ground.clock.sleep(90)
    after = handle.api.get("nodes", None, machine.private_dns_name)
    assert ready(after) == "True"
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["nodeInfo"]["bootID"] != before["status"]["nodeInfo"]["bootID"]
    statuses = {each["type"]: each["status"] for each in after["status"]["conditions"]}
    assert statuses["AcceleratedHardwareReady"] == "True"
    assert "reboot" in ground.machines.console(machine.id)


async def test_a_machine_with_wrong_user_data_says_so_on_its_console(ground: Ground) -> None:
    handle = await ground.cluster()
    silent = ground.launch(1, "")
    other = ground.launch(2, NODE_CONFIG.replace("/eu-west-1/demo", "/eu-west-1/other"))
    await ground.clock.sleep(120)
    assert handle.api.list("nodes") == []
    assert "no user data" in ground.machines.console(silent.id)
    assert "is not the API server of cluster demo" in ground.machines.console(other.id)
    assert ground.machines.console("i-none") == ""


async def test_a_machine_that_is_earlier_than_its_cluster_joins_later(ground: Ground) -> None:
    machine = ground.launch()
    await ground.clock.sleep(120)
    assert "no API server answers" in ground.machines.console(machine.id)
    handle = await ground.cluster()
    await ground.clock.sleep(60)
    assert ready(handle.api.get("nodes", None, machine.private_dns_name)) == "True"


async def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    before = Ground(tmp_path)
    await before.start()
    await before.cluster()
    joined, gone = before.launch(1), before.launch(2)
    await before.clock.sleep(60)
    booting = before.launch(3)
    await before.clock.sleep(5)
    await before.stop()
    before.fleet.machines.pop(gone.id)
    after = Ground(tmp_path, before.clock, Fleet())
    after.fleet.machines = before.fleet.machines
    await after.start()
    handle = after.kubernetes.get(ACCOUNT, REGION, CLUSTER)
    assert handle is not None
    uid = handle.api.get("nodes", None, joined.private_dns_name)["metadata"]["uid"]
    await after.clock.sleep(60)
    names = {each["metadata"]["name"]: each for each in handle.api.list("nodes")}
    assert set(names) == {joined.private_dns_name, booting.private_dns_name}
    assert names[joined.private_dns_name]["metadata"]["uid"] == uid
    assert {ready(each) for each in names.values()} == {"True"}
    await after.stop()


async def test_an_address_that_is_used_again_gives_a_new_node(ground: Ground) -> None:
    handle = await ground.cluster()
    first = ground.launch()
    await ground.clock.sleep(60)
    uid = handle.api.get("nodes", None, first.private_dns_name)["metadata"]["uid"]
    second = replace(first, id="i-0000000000000beef", launched_at=ground.clock.now() - timedelta(seconds=1))
    ground.fleet.show(second)
    await ground.clock.sleep(60)
    node = handle.api.get("nodes", None, first.private_dns_name)
    assert node["metadata"]["uid"] != uid
    assert node["spec"]["providerID"].endswith("beef")


async def test_a_node_has_its_conditions_from_the_moment_it_registers(ground: Ground) -> None:
    """Source: Kubernetes, kubelet registration: the first Node holds the first report."""
    handle = await ground.cluster()
    born: list[Obj] = []
    handle.store.listen(
        lambda change: (
            born.append(change.object) if (change.type, change.resource) == ("ADDED", "nodes") else None
        )
    )
    ground.launch()
    await ground.clock.sleep(120)
    (node,) = born
    said = {each["type"]: (each["status"], each["reason"]) for each in node["status"]["conditions"]}
    assert said["Ready"] == ("False", "KubeletNotReady") and said["MemoryPressure"][0] == "False"
