"""Play a scenario: rounds of updates with what happens meanwhile, then deletion; check all along.

A run is judged by `checks` when a round has settled, and by `stories.bounds` at every pause of it.
What happened is kept as lines, so that two runs of a seed can be compared to the last letter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from nodeyard.model.commands import ScalingChange
from nodeyard.model.health import TOLERATED_BY_VERSION_UPDATES
from nodeyard.model.refusal import RefusedError
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.update import Update
from nodeyard.simulation import Simulation, Terms
from nodeyard.simulation.simulation import CLUSTER
from nodeyard.world.aws.fleet import Machine
from nodeyard.world.kubernetes.store import Change
from tests.simulation import checks
from tests.simulation.checks import Broken
from tests.simulation.happenings import Happenings
from tests.simulation.scenario import RELEASES, ZONES, Happening, Round, Scenario, scenario
from tests.simulation.unsteady import Unsteady
from tests.stories.bounds import Bounds, Harm

FAULTS_END_S = 2 * 3600.0
SETTLE_S = 3 * 3600.0
DELETIONS_MAX = 2
"""The deletion as it was asked for, and once more when what stopped it is over."""
ILL = "Nodegroup has health issue"


@dataclass
class Run:
    """What became of a seed. `problem` is empty when all was as it must be."""

    seed: int
    told: list[tuple[float, str, tuple[object, ...]]] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    problem: str = ""

    def tell(self, at: float, form: str, *values: object) -> None:
        """Note what happened; put into words only when somebody reads it."""
        self.told.append((at, form, values))

    @property
    def lines(self) -> list[str]:
        return [f"{at:.3f} {form.format(*values) if values else form}" for at, form, values in self.told]


def quiet() -> None:
    """Keep the log of the service still: a run says more by itself."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def play(seed: int, watch: Callable[[Simulation], object] | None = None) -> Run:
    """Run a seed to its end or to the first problem. `watch` is given the world before anything happens."""
    told = scenario(seed)
    run = Run(seed)
    unsteady = Unsteady(told.unsteady, f"{seed} unsteady")
    # Nobody counts the seconds here, so that the service is spared its looks without a cause.
    simulation = Simulation(seed, around=unsteady.around, terms=Terms(told=True))
    try:
        _Play(simulation, told, run, unsteady).all(watch)
    except Exception as error:
        run.problem = f"{type(error).__name__}: {error}"
        run.tell(simulation.clock.elapsed(), run.problem)
        if not isinstance(error, Broken):
            run.problem += f" (cause: {error.__cause__!r})" if error.__cause__ else ""
    finally:
        try:
            simulation.close()
        except Exception as error:
            run.problem = run.problem or f"closing: {error!r}"
    return run


class _Play:
    def __init__(
        self,
        simulation: Simulation,
        told: Scenario,
        run: Run,
        unsteady: Unsteady,
    ) -> None:
        self._simulation = simulation
        self._told = told
        self._run = run
        self._unsteady = unsteady
        self._bounds = Bounds(simulation, forced=told.force)
        self._lost: set[str] = set()
        """Instances that the world took, in any round."""
        self._stuck: dict[str, set[str]] = {}
        """Node group -> nodes that may stay cordoned, because the last update failed and said so."""

    def all(self, watch: Callable[[Simulation], object] | None) -> None:
        simulation, told = self._simulation, self._told
        for zone in ZONES[3:]:
            simulation.region.add_subnet(zone)
        simulation.create_cluster(version="1.34")
        self._listen()
        if watch is not None:
            watch(simulation)
        for group in told.groups:
            subnets = tuple(id for id, each in simulation.region.subnets.items() if each.zone in group.zones)
            simulation.create_nodegroup(
                group.name,
                group.nodes,
                subnets=subnets,
                scaling=ScalingChange(group.minimum, group.maximum, group.nodes),
                update_config=group.update_config,
                capacity_type="SPOT" if group.spot else "ON_DEMAND",
                warm_pool=group.pool,
                release_version=RELEASES[0],
            )
        for group in told.groups:
            simulation.until_active(group.name, within_s=2 * 3600)
        simulation.apply(*told.workloads)
        simulation.run_for(180)
        simulation.on_pause(self._hold)
        for each in told.rounds:
            self._round(each)
        self._delete()

    def _listen(self) -> None:
        simulation, run = self._simulation, self._run
        elapsed = simulation.clock.elapsed

        def changed(change: Change) -> None:
            meta = change.object["metadata"]
            what = change.type, change.resource, meta["name"], change.revision
            run.tell(elapsed(), "{} {} {} {}", *what)

        def moved(machine: Machine) -> None:
            run.tell(elapsed(), "{} {}", machine.id, machine.state)

        simulation.store.on_event(lambda event: run.tell(elapsed(), "{}: {}", event.kind, event.message))
        simulation.fleet.listen(moved)
        simulation.handle().store.listen(changed)

    def _hold(self) -> None:
        broken = self._bounds.broken()
        if broken:
            raise Broken(broken)

    # --- a round ---

    def _round(self, told: Round) -> None:
        simulation = self._simulation
        harm = Harm(instances=self._lost)
        self._bounds = Bounds(simulation, forced=self._told.force, harm=harm)
        happenings = Happenings(simulation, harm, self._unsteady)
        before = {group.name: simulation.auto_scaling_group(group.name) for group in self._told.groups}
        updates: dict[str, Update] = {}

        def begin(name: str) -> None:
            release = told.releases[name]
            try:
                updates[name] = simulation.update_version(
                    name, release_version=release, force=self._told.force
                )
            except RefusedError as error:
                # EKS refuses to update a group with an issue that is none of the four it tolerates, and its
                # owner asks again once the group is well. Source: re:Post, EKS node group update failures.
                codes = {each.code for each in simulation.nodegroup(name).issues}
                if ILL not in str(error) or not codes - TOLERATED_BY_VERSION_UPDATES:
                    raise

        self._pass_through(
            [(at, lambda name=name: begin(name)) for name, at in told.begin.items()]  # type: ignore[misc]
            + [(each.at, lambda each=each: happenings.do(each)) for each in told.happenings]  # type: ignore[misc]
        )
        for name in told.begin:
            if name not in updates:
                simulation.run_until(lambda: self._is_well(name), f"{name} is well", within_s=SETTLE_S)  # noqa: B023
                begin(name)
        for name, update in updates.items():
            limit_s = 2 * 3600 + 2400.0 * (before[name].desired + 4)
            ended = simulation.until_ended(update, within_s=limit_s)
            self._note(ended)
            checks.ended(ended)
        self._settle()
        for group in self._told.groups:
            moved = checks.Moved(
                before[group.name],
                grown=happenings.grown.get(group.name, 0),
                shrunk=happenings.shrunk.get(group.name, 0),
            )
            ended = simulation.update(updates[group.name])
            checks.settled(simulation, ended, moved, self._stuck.get(group.name, set()))

    def _is_well(self, name: str) -> bool:
        group = self._simulation.nodegroup(name)
        return group.status is NodegroupStatus.ACTIVE and not group.issues

    def _note(self, ended: Update) -> None:
        name = ended.nodegroup or ""
        codes = ",".join(each.error_code for each in ended.errors)
        self._run.outcomes.append(f"{ended.status.value} {codes}".strip())
        # What earlier updates left cordoned was given back by this one, however it ended.
        self._stuck[name] = {id for error in ended.errors for id in error.resource_ids}

    def _pass_through(self, timeline: list[tuple[float, Callable[[], None]]]) -> None:
        """Let time pass and do each thing at its time."""
        begun = self._simulation.clock.elapsed()
        for at, do in sorted(timeline, key=lambda each: each[0]):
            wait = begun + at - self._simulation.clock.elapsed()
            self._simulation.run_for(max(0.0, wait))
            do()

    def _settle(self) -> None:
        simulation = self._simulation
        simulation.run_until(lambda: not simulation.faults.active(), "faults are over", within_s=FAULTS_END_S)

        def settled() -> bool:
            return all(checks.is_settled(simulation, group.name) for group in self._told.groups)

        try:
            simulation.run_until(settled, "everything settles", within_s=SETTLE_S)
        except Exception as error:
            why = "; ".join(checks.unsettled(simulation, group.name) for group in self._told.groups)
            raise Broken(f"{error}: {why}") from error

    # --- the end ---

    def _delete(self) -> None:
        simulation = self._simulation
        harm = Harm({each.name for each in self._told.groups}, self._lost, pods=True)
        self._bounds = Bounds(simulation, forced=self._told.force, harm=harm)
        happenings = Happenings(simulation, harm, self._unsteady)

        def happen(what: Happening) -> None:
            group = simulation.store.nodegroup_now(simulation.scope, CLUSTER, what.group)
            gone = group is None or simulation.compute.group_now(
                simulation.scope, group.auto_scaling_group_name
            )
            if group is not None and gone is not None and group.status is NodegroupStatus.DELETING:
                happenings.do(what)

        names = [group.name for group in self._told.groups]
        for name in names:
            simulation.delete_nodegroup(name)
        self._pass_through([(each.at, lambda each=each: happen(each)) for each in self._told.deletion])  # type: ignore[misc]
        for name in names:
            self._until_gone(name)
        simulation.run_for(600)
        checks.nothing_left(simulation)

    def _until_gone(self, name: str) -> None:
        """Wait for the end of a deletion; one that failed is asked for again once its cause is gone.

        DELETE_FAILED is for good, and its issue tells what to mend before asking again. Source: EKS User
        Guide, delete a managed node group; as observed where permissions are missing or what is in use.
        """
        simulation = self._simulation

        def ended() -> bool:
            group = simulation.store.nodegroup_now(simulation.scope, CLUSTER, name)
            return group is None or group.status is NodegroupStatus.DELETE_FAILED

        for _ in range(DELETIONS_MAX):
            simulation.run_until(ended, f"the deletion of {name} ends", within_s=6 * 3600)
            group = simulation.store.nodegroup_now(simulation.scope, CLUSTER, name)
            if group is None:
                return
            if not group.issues:
                raise Broken(f"the deletion of {name} failed, and no issue says why")
            simulation.run_until(
                lambda: not simulation.faults.active(), "faults are over", within_s=FAULTS_END_S
            )
            simulation.delete_nodegroup(name)
        raise Broken(f"the deletion of {name} fails although nothing is wrong any more: {group.issues}")
