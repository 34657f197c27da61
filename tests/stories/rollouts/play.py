"""Play one version update in the small world; the story is what was said on the way.

In order, each plan is done once. Shuffled, three plans in ten are forgotten after their memory was
written, or done twice, as a crash at the worst moment does. The bounds hold at every step of both.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nodeyard.model.drain import Drain
from nodeyard.model.nodegroup import Scaling, UpdateConfig
from nodeyard.model.rollout import Outcome, Phase, Rollout, Target
from nodeyard.planner import drain as drains
from nodeyard.planner import rollout
from nodeyard.planner.drain import Facts, Refusal
from nodeyard.planner.rollout import Observation, Plan, Policy, View, actions, cordons
from nodeyard.planner.rollout.observation import takes_pods
from nodeyard.planner.words import counted
from nodeyard.ports import Blocked
from tests.stories.rollouts.world import START, World

TARGET = Target("1.34", "1.34.9-20260714", "ami-new")
ENDING = frozenset({Phase.SCALE_DOWN, Phase.ROLL_BACK, Phase.RETREAT})
PASSES_AT_ONCE = 20
Happening = tuple[float, str, Callable[[World], None]]
"""Seconds after the start, what happens in words, and doing it."""


@dataclass
class Scenario:
    """One rollout: the world it happens in and how it is asked for."""

    title: str
    world: Callable[[], World]
    config: UpdateConfig = field(default_factory=UpdateConfig)
    force: bool = False
    happenings: Sequence[Happening] = ()
    cancel_at_s: float | None = None
    longest_s: float = 4 * 3600
    fails: str = ""
    """The error code it ends with; empty for success, `Cancelled` for a cancellation."""
    drops_by: int = 0
    """How many nodes fewer than the bound may be in service, because the scenario takes them away."""
    same_target: bool = False


@dataclass
class Played:
    outcome: Outcome
    lines: list[str]
    world: World
    memory: Rollout
    took_s: float


class Play:
    """One run of one scenario; `seed` None: in order."""

    def __init__(self, scenario: Scenario, seed: int | None = None) -> None:
        self.scenario = scenario
        self.world = scenario.world()
        self.dice = random.Random(seed) if seed is not None else None
        self.memory = Rollout(TARGET, same_target=scenario.same_target, phase_since=START)
        self.lines: list[str] = []
        self._waits: tuple[str, ...] = ()
        self._sizes = self.world.sizes
        self._left = sorted(scenario.happenings, key=lambda each: each[0])
        self._before: Scaling | None = None
        self._look_again: datetime | None = None

    def run(self) -> Played:
        self._say(f"{self.scenario.title}. {self._nodes()}")
        while True:
            self._happen()
            outcome = self._passes()
            if outcome is not None:
                self._ended(outcome)
                took = (self.world.now - START).total_seconds()
                return Played(outcome, self.lines, self.world, self.memory, took)
            self.world.move_to(self._next_look())
            self._check()
            assert (self.world.now - START).total_seconds() < self.scenario.longest_s, self._stuck()

    def _next_look(self) -> datetime:
        """Return when the next hint or timer comes: the engine looks then, and not before."""
        times = [self.world.next_change()]
        if self._look_again is not None:
            times.append(max(self._look_again, self.world.now + timedelta(seconds=1)))
        times += [START + timedelta(seconds=at) for at, _, _ in self._left[:1]]
        cancel = self.scenario.cancel_at_s
        if cancel is not None and self._at() < cancel:
            times.append(START + timedelta(seconds=cancel))
        return min(times)

    def _stuck(self) -> str:
        return "the update does not end:\n" + "\n".join(self.lines[-30:])

    def _happen(self) -> None:
        while self._left and self._at() >= self._left[0][0]:
            _, words, do = self._left.pop(0)
            do(self.world)
            self._say(f"! {words}")

    def _at(self) -> float:
        return (self.world.now - START).total_seconds()

    def _passes(self) -> Outcome | None:
        for _ in range(PASSES_AT_ONCE):
            plan = self._plan()
            self._remember(plan)
            self._look_again = plan.look_again
            crash = self.dice.random() if self.dice is not None else 1.0
            if crash < 0.15:
                self._look_again = self.world.now  # the memory was written, nothing was done
                return None
            self._act(plan)
            if crash < 0.3:
                self._act(plan)
            if plan.outcome is not None:
                return plan.outcome
            if not plan.again:
                return None
            self._check()
        raise AssertionError("twenty plans at one instant:\n" + "\n".join(self.lines[-20:]))

    def _plan(self) -> Plan:
        scenario, world = self.scenario, self.world
        cancelled = scenario.cancel_at_s is not None and self._at() >= scenario.cancel_at_s
        policy = Policy("u-1", "blue", scenario.config, force=scenario.force, cancelled=cancelled)
        return rollout.plan(policy, self._observation(), self.memory, world.now)

    def _observation(self) -> Observation:
        world, members = self.world, self.world.members()
        view = View(Observation(world.group(), members, {}), self.memory)
        by_instance = {member.instance.id: member.node for member in members}
        nodes = {node.name for t in self.memory.turns if (node := by_instance.get(t.instance)) is not None}
        if self.memory.phase in ENDING:
            nodes |= {member.node.name for member in view.new if member.node is not None}
        pods = {node: world.pods_on(node) for node in nodes}
        left = frozenset(cordons.still(world.left_cordoned, members))
        return Observation(world.group(), members, pods, world.launch_failures, left)

    def _remember(self, plan: Plan) -> None:
        if plan.memory.phase is not self.memory.phase:
            self._say(f"== {plan.memory.phase} ==")
        for note in plan.notes:
            self._say(note)
        waits = tuple(wait.because for wait in plan.waits)
        told = tuple(_without_countdown(each) for each in waits)
        for each in told:
            if each not in self._waits:
                self._say(f"waits: {each}")
        self._waits = told
        self.memory = plan.memory
        if self._before is None and self.memory.before is not None:
            self._before = self.memory.before

    # --- the hands ---

    def _act(self, plan: Plan) -> None:
        for action in plan.actions:
            self._do(action)

    def _do(self, action: actions.Action) -> None:
        world = self.world
        match action:
            case actions.AddTemplateVersion():
                world.images["2"] = TARGET.image_id
                self.memory = replace(self.memory, template_version="2")
            case actions.UseTemplateVersion(version=version):
                world.version = version
            case actions.Resize(sizes=sizes):
                world.resize(sizes)
                self._say(f"sizes {sizes.minimum}/{sizes.desired}/{sizes.maximum}: {action.because}")
            case actions.SuspendRebalance(suspended=suspended):
                world.suspended = ("AZRebalance",) if suspended else ()
            case actions.Terminate(instance=id, decrement=decrement):
                self._terminate(id, decrement)
            case actions.Sweep():
                self._sweep(action)
            case actions.ForcePod(pod=pod):
                assert self.scenario.force, f"{pod.name} was deleted with force, and nobody allowed it"
                world.delete(pod.name)
            case _:
                self._touch(action)

    def _touch(self, action: actions.Action) -> None:
        assert isinstance(
            action,
            actions.Mark | actions.Unmark | actions.Cordon | actions.HoldScaleDown | actions.AllowScaleDown,
        )
        instance = next((i for i in self.world.instances.values() if i.name == action.node.name), None)
        if instance is None:
            return
        match action:
            case actions.Mark():
                instance.taints = (actions.TAINT,)
                instance.labels = instance.labels | {actions.LABEL_NO_LOAD_BALANCER: "true"}
            case actions.Unmark(uncordon=uncordon):
                instance.taints = ()
                instance.labels = {
                    k: v for k, v in instance.labels.items() if k != actions.LABEL_NO_LOAD_BALANCER
                }
                instance.unschedulable = instance.unschedulable and not uncordon
            case actions.Cordon():
                instance.unschedulable = True
            case actions.HoldScaleDown():
                held = {actions.NO_SCALE_DOWN: "true", actions.HELD_FOR: "u-1"}
                instance.annotations = instance.annotations | held
            case actions.AllowScaleDown():
                instance.annotations = {}

    def _terminate(self, id: str, decrement: bool) -> None:
        turn = next((each for each in self.memory.turns if each.instance == id), None)
        before = len(self.world.killed)
        self.world.terminate(id, decrement=decrement)
        killed = self.world.killed[before:]
        if turn is not None and not turn.forced:
            assert not killed, f"{id} was terminated with {killed} on it"

    def _sweep(self, action: actions.Sweep) -> None:
        turn = next(each for each in self.memory.turns if each.instance == action.instance)
        refusals = []
        for pod in action.emptying.evict:
            held = self._budgets_that_hold(pod.name)
            answer = self.world.evict(pod.name)
            broken = held - self._budgets_that_hold(pod.name)
            assert not broken, f"the eviction of {pod.name} broke {broken}"
            if isinstance(answer, Blocked):
                refusals.append(Refusal(pod, answer))
        facts = Facts(
            {"shop": [self.world.budget(each) for each in self.world.demands]},
            {"shop": self.world.all_pods()},
        )
        blockers = drains.explain(
            action.node,
            action.emptying,
            refusals,
            facts,
            before=turn.blockers,
            limit=turn.limit,
            now=self.world.now,
        )
        self._blocked(turn, blockers)
        after = replace(turn, pods_left=action.emptying.left, blockers=blockers)
        self.memory = replace(
            self.memory,
            turns=tuple(after if each.instance == turn.instance else each for each in self.memory.turns),
        )

    def _blocked(self, turn: Drain, blockers: tuple[object, ...]) -> None:
        said = {each.sentence for each in turn.blockers}
        for each in blockers:
            sentence = getattr(each, "sentence", "")
            if sentence not in said:
                self._say(f"blocked: {sentence}")

    def _budgets_that_hold(self, pod: str) -> set[str]:
        """Return the budgets over a pod that have as many healthy pods as they need."""
        workload = self.world.pods[pod].workload
        budgets = [self.world.budget(each) for each in self.world.demands if each.selects == workload]
        return {each.name for each in budgets if each.healthy >= each.needs}

    # --- what must hold ---

    def _check(self) -> None:
        """Check the bounds of every update after every step."""
        if self._before is None or self.memory.before is None:
            return
        members = self.world.members()
        view = View(Observation(self.world.group(), members, {}), self.memory)
        out = [turn for turn in self.memory.turns if turn.released is None]
        assert len(out) <= self.memory.parallel, f"{len(out)} nodes out, {self.memory.parallel} allowed"
        wanted = self.memory.before.desired
        most = max(wanted, self._before.desired) + self.memory.surge_limit
        assert len(view.staying) <= most, f"{len(view.staying)} nodes, {most} allowed"
        if self.memory.phase in (Phase.SCALE_UP, Phase.UPGRADE):
            least = min(wanted, self._before.desired) - self.scenario.drops_by
            if self.memory.strategy == "MINIMAL":
                least -= self.memory.parallel
            # The node at which a try failed stays cordoned (as observed of EKS: SchedulingDisabled), as does
            # one that its owner cordoned. Until the update has come to it, the group has a node in use less
            # than its size, and not by this update; from its turn on the bound is the whole size again.
            least -= sum(m.ready and not takes_pods(m) and m.instance.id not in view.out for m in view.old)
            assert view.available >= least, f"{view.available} nodes in service, {least} needed"

    def _ended(self, outcome: Outcome) -> None:
        before = self.memory.before
        if before is not None:
            assert self.world.sizes == before, f"sizes {self.world.sizes} are not {before} again"
        assert self.world.suspended == (), "zones are not balanced any more"
        nodes = [each for each in self.world.instances.values() if each.going_since is None]
        stuck = set(outcome.resource_ids)
        for each in nodes:
            assert actions.TAINT not in each.taints, f"{each.name} is still tainted"
            assert actions.HELD_FOR not in each.annotations, f"{each.name} is still held"
            if each.unschedulable:
                known = each.name in stuck or each.id in self.world.owner_cordoned
                assert known, f"{each.name} is still cordoned"
            assert each.unschedulable or each.id not in self.world.owner_cordoned, (
                f"{each.name} is its owner's"
            )
        kind = "Cancelled" if outcome.cancelled else outcome.code or "Successful"
        self._say(f"== {kind}: {outcome.message}")
        self._say(self._nodes())

    def _nodes(self) -> str:
        staying = [each for each in self.world.instances.values() if each.going_since is None]
        new = sum(1 for each in staying if each.labels.get("eks.amazonaws.com/nodegroup-image") == "ami-new")
        sizes = self.world.sizes
        return (
            f"{counted(len(staying), 'node')}, {new} of them new, "
            f"in {counted(len({i.zone for i in staying}), 'zone')}; "
            f"sizes {sizes.minimum}/{sizes.desired}/{sizes.maximum}"
        )

    def _say(self, text: str) -> None:
        stamp = timedelta(seconds=int(self._at()))
        self.lines.append(f"{stamp}  {text}")


def _without_countdown(sentence: str) -> str:
    """Leave out the time that is left, which changes with every look."""
    head, _, _ = sentence.partition("; ")
    return head if "left to drain" in sentence else sentence


def play(scenario: Scenario, seed: int | None = None) -> Played:
    """Play a scenario to its end and check how it ended."""
    played = Play(scenario, seed).run()
    ended = "Cancelled" if played.outcome.cancelled else played.outcome.code
    assert ended == scenario.fails, f"ended with {ended or 'success'}: {played.outcome.message}"
    return played


__all__ = ["Happening", "Played", "Scenario", "play"]
