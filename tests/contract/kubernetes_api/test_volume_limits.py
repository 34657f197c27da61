"""A node takes no more volumes of a CSI driver than its CSINode says, by both schedulers alike."""

from __future__ import annotations

from typing import Any

from tests.contract.kubernetes_api.doors import Door
from tests.contract.kubernetes_api.test_evictions import a_node

Obj = dict[str, Any]
CSI_NODES = "/apis/storage.k8s.io/v1/csinodes"
DRIVER = "ebs.csi.aws.com"
FULL = "1 node(s) exceed max volume count"


async def takes(door: Door, count: int, driver: str = DRIVER) -> None:
    """Let the node of a test say how many volumes it takes."""
    name = f"node-{door.space}"
    drivers = [{"name": driver, "nodeID": "i-1", "allocatable": {"count": count}}]
    body = {"metadata": {"name": name}, "spec": {"drivers": drivers}}
    await door.make(CSI_NODES, body)


async def a_claim(door: Door, name: str, handle: str, **source: Any) -> None:
    """Make a volume and a claim that is bound to it."""
    volume = f"{door.space}-{name}"
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteMany"],
        "storageClassName": "",
        "claimRef": {"namespace": door.space, "name": name},
    }
    spec |= source or {"csi": {"driver": DRIVER, "volumeHandle": handle}}
    await door.make("/api/v1/persistentvolumes", {"metadata": {"name": volume}, "spec": spec})
    wanted = {
        "storageClassName": "",
        "volumeName": volume,
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    await door.make("persistentvolumeclaims", {"metadata": {"name": name}, "spec": wanted})

    async def bound() -> bool:
        found = (await door.get(f"persistentvolumeclaims/{name}")).body
        return bool(found["status"].get("phase") == "Bound")

    await door.until(bound)


async def why_not(door: Door, name: str, *claims: str) -> str:
    """Make a pod with these claims; return why it waits, "" once it has its node."""
    volumes = [{"name": each, "persistentVolumeClaim": {"claimName": each}} for each in claims]
    spec = {
        "containers": [{"name": "app", "image": "app:1"}],
        "nodeSelector": {"only": door.space},
        "tolerations": [{"key": "only", "operator": "Exists"}],
        "volumes": volumes,
    }
    await door.make("pods", {"metadata": {"name": name}, "spec": spec})
    return await answer(door, name)


async def answer(door: Door, name: str, *, placed: bool = False) -> str:
    said = ""

    async def told() -> bool:
        nonlocal said
        pod = (await door.get(f"pods/{name}")).body
        conditions = pod["status"].get("conditions") or ()
        said = next((each.get("message", "") for each in conditions if each["type"] == "PodScheduled"), "")
        return bool(pod["spec"].get("nodeName") or (said and not placed))

    await door.until(told)
    return said


async def test_a_node_takes_as_many_volumes_as_its_driver_says(door: Door) -> None:
    await a_node(door)
    await takes(door, 2)
    for name, handle in (("a", "vol-1"), ("b", "vol-2"), ("c", "vol-3"), ("same-as-a", "vol-1")):
        await a_claim(door, name, f"{door.space}-{handle}")
    assert await why_not(door, "first", "a") == ""
    assert FULL in await why_not(door, "too-many-at-once", "b", "c")
    assert await why_not(door, "second", "b") == ""
    assert FULL in await why_not(door, "third", "c")
    # What is attached already costs nothing, by whatever claim it is used; neither do pods without volumes.
    assert await why_not(door, "shares", "a", "same-as-a") == ""
    assert await why_not(door, "has-none") == ""

    for each in ("second", "too-many-at-once"):
        await door.ask("DELETE", f"pods/{each}", {"gracePeriodSeconds": 0})
    assert await answer(door, "third", placed=True) == ""


async def test_other_drivers_and_other_volumes_are_not_limited(door: Door) -> None:
    await a_node(door)
    await takes(door, 0, "another.example.com")
    await a_claim(door, "a", f"{door.space}-vol-1")
    await a_claim(door, "b", "", nfs={"server": "10.0.0.1", "path": "/"})
    assert await why_not(door, "free", "a", "b") == ""
    other = {"csi": {"driver": "another.example.com", "volumeHandle": f"{door.space}-vol-1"}}
    await a_claim(door, "c", "", **other)
    assert FULL in await why_not(door, "barred", "c")


async def test_a_volume_that_is_still_to_be_made_counts(door: Door) -> None:
    await a_node(door)
    await takes(door, 1)
    name = f"late-{door.space}"
    made = {"metadata": {"name": name}, "provisioner": DRIVER, "volumeBindingMode": "WaitForFirstConsumer"}
    await door.make("/apis/storage.k8s.io/v1/storageclasses", made)
    await a_claim(door, "a", f"{door.space}-vol-1")
    assert await why_not(door, "first", "a") == ""
    spec = {
        "storageClassName": name,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    await door.make("persistentvolumeclaims", {"metadata": {"name": "late"}, "spec": spec})
    assert FULL in await why_not(door, "second", "late")
