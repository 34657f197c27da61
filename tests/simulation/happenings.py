"""What can happen to a world while the service works; where there is nobody to hit, nothing happens."""

from __future__ import annotations

from collections.abc import Callable

from nodeyard.flows.service import updates as update_service
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER
from nodeyard.world.aws.fleet import RUNNING
from nodeyard.world.faults.menu import MENU
from nodeyard.world.kubernetes.patches import MERGE_PATCH
from tests.simulation.scenario import HARMS, Happening
from tests.simulation.unsteady import Unsteady
from tests.stories.bounds import BUDGETS, Harm

NODEGROUP = "eks.amazonaws.com/nodegroup"
NO_SCALE_DOWN = "cluster-autoscaler.kubernetes.io/scale-down-disabled"


class Happenings:
    """Does what happens, and notes whom it harms and how it moves sizes."""

    def __init__(self, simulation: Simulation, harm: Harm, unsteady: Unsteady) -> None:
        self._simulation = simulation
        self._unsteady = unsteady
        self.harm = harm
        self.grown: dict[str, int] = {}
        """Node group -> nodes that an autoscaler added."""
        self.shrunk: dict[str, int] = {}
        """Node group -> nodes that an autoscaler took away."""

    def do(self, what: Happening) -> None:
        """Let it happen now."""
        if what.kind in HARMS:
            self.harm.groups.add(what.group)
            self.harm.pods = True
        special = _SPECIAL.get(what.kind)
        if special is not None:
            special(self, what)
            return
        given = {"group": what.group, "zone": what.zone, "amount": what.amount}
        takes = MENU[what.kind].takes
        scope = {member: value for member, value in given.items() if member in takes}
        if what.kind == "capacity-shortage":
            scope["amount"] = self._simulation.auto_scaling_group(what.group).desired
        if what.kind == "spot-storm":
            self.harm.instances |= {each.id for each in self._simulation.fleet.machines_now()}
        self._simulation.faults.set(what.kind, seconds=what.seconds, **scope)  # type: ignore[arg-type]

    def _instance_loss(self, what: Happening) -> None:
        simulation = self._simulation
        lost = [
            each.id
            for each in simulation.fleet.machines_now()
            if each.state == RUNNING and each.tags.get("eks:nodegroup-name") == what.group
        ][: what.amount]
        self.harm.instances.update(lost)
        scope = simulation.scope
        simulation.do(simulation.fleet.terminate(scope.account, scope.region, lost))

    def _grow(self, what: Happening) -> None:
        found = self._simulation.auto_scaling_group(what.group)
        wanted = min(found.maximum, found.desired + what.amount)
        self.harm.groups.add(what.group)
        self.grown[what.group] = self.grown.get(what.group, 0) + wanted - found.desired
        self._resize(what.group, wanted)

    def _shrink(self, what: Happening) -> None:
        """Let a node go as Cluster Autoscaler does: drained by the hook, the desired size one less."""
        simulation = self._simulation
        found = simulation.auto_scaling_group(what.group)
        held = {
            each["spec"].get("providerID", "").rpartition("/")[2]
            for each in simulation.nodes()
            if NO_SCALE_DOWN in (each["metadata"].get("annotations") or {})
        }
        able = [
            each.id for each in found.instances if each.lifecycle_state == "InService" and each.id not in held
        ]
        if able and found.desired > found.minimum:
            self.shrunk[what.group] = self.shrunk.get(what.group, 0) + 1
            work = simulation.compute.terminate_instance(simulation.scope, able[0], decrement=True)
            simulation.do(work)

    def _resize(self, group: str, desired: int) -> None:
        simulation = self._simulation
        found = simulation.auto_scaling_group(group)
        work = simulation.compute.resize_group(
            simulation.scope, found.name, minimum=found.minimum, maximum=found.maximum, desired=desired
        )
        simulation.do(work)

    def _edit_budget(self, what: Happening) -> None:
        api = self._simulation.api()
        for budget in api.store.list(BUDGETS, "default")[: what.amount]:
            spec = {"spec": {"minAvailable": None, "maxUnavailable": 1}}
            api.patch(BUDGETS, "default", budget["metadata"]["name"], spec, MERGE_PATCH)

    def _crash(self, what: Happening) -> None:
        self._unsteady.crash_after(int(what.seconds) % 7 + what.amount, self._simulation.restart)

    def _cancel(self, what: Happening) -> None:
        simulation = self._simulation
        id = simulation.nodegroup(what.group).active_update
        if id is not None:
            simulation.do(update_service.cancel(simulation.hands, simulation.scope, CLUSTER, id))

    def _uncordon(self, what: Happening) -> None:
        for node in self._simulation.nodes():
            labels = node["metadata"].get("labels") or {}
            if labels.get(NODEGROUP) == what.group and node["spec"].get("unschedulable"):
                name = node["metadata"]["name"]
                patch = {"spec": {"unschedulable": None}}
                self._simulation.api().patch("nodes", None, name, patch, MERGE_PATCH)
                return


_SPECIAL: dict[str, Callable[[Happenings, Happening], None]] = {
    "instance-loss": Happenings._instance_loss,
    "autoscaler-up": Happenings._grow,
    "autoscaler-down": Happenings._shrink,
    "budget-edit": Happenings._edit_budget,
    "crash": Happenings._crash,
    "cancel": Happenings._cancel,
    "uncordon": Happenings._uncordon,
}
