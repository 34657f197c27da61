"""A simulated world that looks like the snapshot: the group as instances, everything else as it stands.

The group is made by the production service first; then the objects of the snapshot are put in at one
instant, and the controllers get half a minute to settle before the update begins.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from datetime import datetime
from typing import Any

from nodeyard import catalog
from nodeyard.model.commands import ScalingChange
from nodeyard.model.limits import Quotas
from nodeyard.planner.rollout.policy import Dice
from nodeyard.rehearse.group import Group, labels_of, name_of
from nodeyard.rehearse.learned import condition
from nodeyard.rehearse.objects import Prepared
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.shapes import FILLING_S, LABEL, Shapes
from nodeyard.rehearse.snapshot import Snapshot
from nodeyard.simulation import Simulation, Terms
from nodeyard.world.kubernetes.controllers.node_status import NETWORK_AGENTS

Obj = dict[str, Any]

NAME = "group"
"""The name of the simulated group, where the real one has none of EKS."""
_VALID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,62}")
SETTLE_S = 30.0
SUBNET_NODES = 4_000
"""Nodes in one subnet, at most; a subnet of a simulation has 4,091 addresses."""
FIRST_SUBNET = 3_000
"""Far from the addresses that clusters use, so that no node of the snapshot has the name of a new one."""
AMI_TYPES = {"arm64": "AL2023_ARM_64_STANDARD"}
AMI_TYPE = "AL2023_x86_64_STANDARD"


class Stage:
    """One world, filled. `close` when done."""

    def __init__(self, snapshot: Snapshot, prepared: Prepared, group: Group, request: Request) -> None:
        self.group = group
        self.name = _name(snapshot, group)
        self.shapes = Shapes(group, prepared.times, request.seed)
        self.pods: dict[str, Obj] = {}
        """Uid -> pod of the snapshot that was put in."""
        quotas = Quotas(nodes_per_nodegroup=len(group.nodes) + 1_000)
        dice = Dice(request.update_id, self.shapes.instances) if request.update_id is not None else None
        terms = Terms(quotas, request.drain_limit_s, self.shapes, dice)
        # Ids of its own: a cluster that was made from the same seed has those of the bare number.
        self.simulation = Simulation(f"rehearsal {request.seed}", snapshot.taken_at, terms=terms)
        try:
            self._make_group(request)
            self._fill(snapshot, prepared)
        except BaseException:
            self.simulation.close()
            raise

    def close(self) -> None:
        self.simulation.close()

    def plain(self, name: str) -> str:
        """Return the name that people know a node by."""
        return self.shapes.names.get(name, name)

    # --- the group ---

    def _make_group(self, request: Request) -> None:
        simulation, group, region = self.simulation, self.group, self.simulation.region
        region.subnets.clear()
        zones = dict(group.zones)
        if len(zones) == 1:
            zones["a second zone"] = 0  # a cluster needs two; the group does not use this one
        inside = [subnet for zone, count in zones.items() for subnet in self._subnets(zone, count)]
        version = _version(group)
        simulation.create_cluster(version=version)
        ami_type = _ami_type(group)
        size = len(group.nodes)
        simulation.create_nodegroup(
            self.name,
            0,
            subnets=tuple(each for each in inside if region.subnets[each].zone in group.zones),
            scaling=ScalingChange(0, size, 0),
            instance_types=(group.instance_type,),
            ami_type=ami_type,
            capacity_type="SPOT" if group.spot else "ON_DEMAND",
            release_version=catalog.default().releases(ami_type, version)[0].release_version,
            update_config=request.update_config,
        )
        simulation.until_active(self.name)
        self._stop_rebalancing()
        self._launch()
        self.shapes.filled = True

    def _subnets(self, zone: str, count: int) -> list[str]:
        region, made = self.simulation.region, []
        for _ in range(count // SUBNET_NODES + 1):
            made.append(region.add_subnet(zone))
            region.subnets[made[-1]].number = FIRST_SUBNET + len(region.subnets)
        return made

    def _stop_rebalancing(self) -> None:
        """Keep Auto Scaling from moving instances between zones: they stay as the snapshot has them."""
        scope = self.simulation.scope
        name = self.simulation.nodegroup(self.name).auto_scaling_group_name
        state = self.simulation.auto_scaling.state(scope.account, scope.region, name)
        assert state is not None, "an ACTIVE group has an Auto Scaling group"
        state.change(suspended={"AZRebalance": "the zones stay as the snapshot has them"})

    def _launch(self) -> None:
        """Launch zone by zone, while the others have no room: Auto Scaling alone would spread evenly."""
        simulation, zones, total = self.simulation, self.group.zones, 0
        kind, there = self.group.instance_type, dict.fromkeys(zones, 0)
        for zone, count in ((zone, count) for zone, count in zones.items() if count):
            for each in zones:
                simulation.region.limit(each, kind, None if each == zone else there[each])
            there[zone] = count
            total += count
            simulation.scale(self.name, total)
            simulation.run_until(
                lambda wanted=total: len(simulation.ready_nodes()) == wanted,  # type: ignore[misc]
                f"{total} nodes are Ready",
            )
        simulation.until_active(self.name)
        for zone in zones:
            simulation.region.limit(zone, kind, None)
        self.shapes.own_s = self._took() - FILLING_S

    def _took(self) -> float:
        """Return the seconds from launch to Ready, as the nodes tell them: in the mean of those there are."""
        launched = {each.private_dns_name: each.launched_at for each in self.simulation.fleet.machines_now()}
        ready = {name_of(each): condition(each, "Ready") for each in self.simulation.nodes()}
        return statistics.fmean(
            (datetime.fromisoformat(each["lastTransitionTime"]) - launched[name]).total_seconds()
            for name, each in ready.items()
        )

    # --- the rest of the cluster ---

    def _fill(self, snapshot: Snapshot, prepared: Prepared) -> None:
        store = self.simulation.handle().store
        self._clear(_has_agent(snapshot))
        homes = {real: made for made, real in self.shapes.names.items()}
        self._cordon(homes)
        for node in snapshot.of("nodes"):
            if name_of(node) not in homes:
                store.put("nodes", {"apiVersion": "v1", "kind": "Node", **node})
                homes[name_of(node)] = name_of(node)
        for resource, obj in prepared.objects:
            store.put(resource, obj)
        for pod in prepared.pods:
            home = pod["spec"].get("nodeName")
            if home is None or home in homes:
                spec = pod["spec"] if home is None else {**pod["spec"], "nodeName": homes[home]}
                self.pods[pod["metadata"]["uid"]] = pod
                store.put("pods", {**pod, "spec": spec})
        self.simulation.run_for(SETTLE_S)

    def _cordon(self, homes: dict[str, str]) -> None:
        """Close the nodes that are cordoned in the snapshot; a new group must not have such nodes."""
        store = self.simulation.handle().store
        for given in self.group.nodes:
            made = store.get("nodes", None, homes.get(name_of(given), ""))
            if made is not None and (given.get("spec") or {}).get("unschedulable"):
                store.put("nodes", {**made, "spec": {**made["spec"], "unschedulable": True}})

    def _clear(self, all_of_it: bool) -> None:
        """Remove the workloads that every new cluster has; without a network agent its own one stays."""
        store, kept = self.simulation.handle().store, () if all_of_it else ("aws-node",)
        for resource in (
            "daemonsets.apps",
            "deployments.apps",
            "replicasets.apps",
            "controllerrevisions.apps",
            "poddisruptionbudgets.policy",
            "pods",
            "storageclasses.storage.k8s.io",
        ):
            for each in store.list(resource):
                if not name_of(each).startswith(kept or ("\0",)):
                    store.remove(resource, each["metadata"].get("namespace"), name_of(each))


def _name(snapshot: Snapshot, group: Group) -> str:
    """Return the name of the group in EKS: pods may ask for its label, and new nodes get it by that name.

    Where the group that is rehearsed is only a part of it, or several, no name of EKS is taken.
    """
    names = {labels_of(each).get(LABEL, "") for each in group.nodes}
    name = names.pop()
    members = sum(labels_of(each).get(LABEL) == name for each in snapshot.of("nodes"))
    return name if not names and members == len(group.nodes) and _VALID.fullmatch(name) else NAME


def _has_agent(snapshot: Snapshot) -> bool:
    """Tell whether a DaemonSet of the snapshot makes nodes ready, as the world knows such agents."""
    return any(
        (each["spec"]["template"]["metadata"].get("labels") or {}).get("k8s-app") in NETWORK_AGENTS
        for each in snapshot.of("daemonsets.apps")
    )


def _ami_type(group: Group) -> str:
    arch = Counter(labels_of(each).get("kubernetes.io/arch", "") for each in group.nodes)
    kind = catalog.default().instance_type(group.instance_type)
    arm = (kind.architecture if kind and group.type_is_known else arch.most_common(1)[0][0]) == "arm64"
    return AMI_TYPES["arm64"] if arm else AMI_TYPE


def _version(group: Group) -> str:
    """Return the version to play with: the group's, or the nearest that has a release to go to."""
    able = [
        each.minor
        for each in catalog.default().versions()
        if len(catalog.default().releases(AMI_TYPE, each.minor)) > 1
    ]
    return group.version if group.version in able else able[-1]
