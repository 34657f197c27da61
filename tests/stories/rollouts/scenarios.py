"""The rollouts that are told: what the group looks like, what runs on it, what happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nodeyard.model.nodegroup import Scaling, UpdateConfig
from tests.stories.rollouts.play import Scenario
from tests.stories.rollouts.world import Demand, Workload, World

MINIMAL = UpdateConfig(update_strategy="MINIMAL")
Prepare = Callable[[World], None]


def of(zones: int, sizes: tuple[int, int, int], *prepare: Prepare, boot_s: float = 60) -> Callable[[], World]:
    """Return a maker of a group's world: sizes are min, max, desired."""

    def make() -> World:
        world = World(zones=zones, sizes=sizes, boot_s=boot_s)
        for each in prepare:
            each(world)
        return world

    return make


def web(replicas: int, *, least: int | None = None, most_away: int | None = None, **more: object) -> Prepare:
    """Run a web workload, under a budget when one of the two numbers is given."""

    def prepare(world: World) -> None:
        demand = None
        if least is not None or most_away is not None:
            demand = Demand("web", "web", least, most_away)
        world.runs(Workload("web", replicas, **more), budget=demand)  # type: ignore[arg-type]

    return prepare


def at_once(number: int) -> UpdateConfig:
    return UpdateConfig(max_unavailable=number)


def percent(number: int) -> UpdateConfig:
    return UpdateConfig(max_unavailable=None, max_unavailable_percentage=number)


# --- things that happen meanwhile, or stand in the way from the start ---


def no_capacity_in(zone: str) -> Prepare:
    return lambda world: world.no_capacity.add(zone)


def capacity_back(world: World) -> None:
    world.no_capacity.clear()


def new_version_never_joins(world: World) -> None:
    world.never_joins.add("2")


def new_version_never_ready(world: World) -> None:
    world.never_ready.add("2")


def image_mended(world: World) -> None:
    world.never_joins.clear()


def two_budgets(world: World) -> None:
    world.demands += [Demand("web", "web", 1), Demand("all", "web", 1)]


def budget_lifted(world: World) -> None:
    world.demands.clear()


def one_more_replica(world: World) -> None:
    world.workloads["web"].replicas += 1


def finalizer_removed(world: World) -> None:
    for each in world.workloads.values():
        each.finalizer = ""


def desired(change: int) -> Prepare:
    def do(world: World) -> None:
        sizes = world.sizes
        wanted = sizes.desired + change
        world.resize(Scaling(sizes.minimum, max(sizes.maximum, wanted), wanted))

    return do


def an_old_node_dies(world: World) -> None:
    """Let the first old node stop being Ready, its pods with it."""
    instance = next(i for i in world.instances.values() if i.version == "1" and i.going_since is None)
    instance.ready = False


def an_old_node_is_taken_away(world: World) -> None:
    instance = next(i for i in world.instances.values() if i.version == "1" and i.going_since is None)
    for pod in world.pods.values():
        if pod.node == instance.name:
            pod.gone_at = world.now
    world.terminate(instance.id, decrement=False)


def a_new_node_is_taken_away(world: World) -> None:
    instance = next(i for i in world.instances.values() if i.version == "2" and i.going_since is None)
    world.terminate(instance.id, decrement=False)


def all_in_one_zone(world: World) -> None:
    for each in world.instances.values():
        each.zone = "za"


def two_nodes_run_it_already(world: World) -> None:
    world.images["0"] = "ami-new"
    for each in list(world.instances.values())[:2]:
        each.labels = each.labels | {"eks.amazonaws.com/nodegroup-image": "ami-new"}


def an_earlier_try_left_one_of_two_cordoned(world: World) -> None:
    two_nodes_run_it_already(world)
    next(iter(world.instances.values())).unschedulable = True


def an_earlier_try_left_an_old_node_cordoned(world: World) -> None:
    first = next(iter(world.instances.values()))
    first.unschedulable = True
    world.left_cordoned = frozenset({first.id})


def its_owner_uncordons_it(world: World) -> None:
    next(iter(world.instances.values())).unschedulable = False


def every_node_runs_it_already(world: World) -> None:
    for each in world.instances.values():
        each.labels = each.labels | {"eks.amazonaws.com/nodegroup-image": "ami-new"}


def a_user_cordoned_a_node(world: World) -> None:
    first = next(iter(world.instances.values()))
    first.unschedulable = True
    world.owner_cordoned = frozenset({first.id})


def also(workload: Workload) -> Prepare:
    return lambda world: world.runs(workload)


AGENT = Workload("agent", 3, owner="DaemonSet", one_a_node=True, tolerates_everything=True)
SLOW = {"grace_s": 600}
STUCK = {"finalizer": "example.com/hold"}

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("One idle node in one zone", of(1, (1, 2, 1))),
    Scenario("Three idle nodes in three zones", of(3, (1, 4, 3))),
    Scenario("A group without nodes has nothing to replace", of(3, (0, 3, 0))),
    Scenario(
        "Every node runs the release already and so does the record",
        of(2, (1, 3, 2), every_node_runs_it_already),
        same_target=True,
    ),
    Scenario(
        "Every node runs the release already but the record does not say so",
        of(2, (1, 3, 2), every_node_runs_it_already),
    ),
    Scenario("An earlier try left two new nodes", of(2, (1, 6, 4), two_nodes_run_it_already)),
    Scenario(
        "A node of the target release that an earlier try left cordoned is replaced",
        of(2, (1, 6, 4), an_earlier_try_left_one_of_two_cordoned),
    ),
    Scenario(
        "A cordoned node of the target release that its owner uncordons while it is blocked is given back",
        of(2, (1, 6, 4), web(4, most_away=0), an_earlier_try_left_one_of_two_cordoned),
        happenings=((961, "the owner of node-1 uncordons it", its_owner_uncordons_it),),
        fails="PodEvictionFailure",
    ),
    Scenario("Pods move one after another under a budget", of(3, (1, 4, 3), web(4, least=3))),
    Scenario("A single replica without a budget is moved", of(2, (1, 3, 2), web(1))),
    Scenario("Six nodes, two at once", of(3, (3, 8, 6), web(6, most_away=2)), at_once(2)),
    Scenario("Ten nodes, a third at once", of(3, (3, 12, 10), web(10, most_away=4)), percent(33)),
    Scenario("Five zones, one at once", of(5, (5, 12, 10), web(10, most_away=3))),
    Scenario("Twenty at once in one zone", of(1, (1, 30, 20)), at_once(20)),
    Scenario("A percentage below one node still moves one", of(2, (1, 6, 5)), percent(1)),
    Scenario("All at once", of(2, (1, 5, 4), web(4)), percent(100)),
    Scenario("Old nodes in one zone need one new node there", of(1, (1, 4, 3))),
    Scenario(
        "A zone without room gets it after a while",
        of(2, (1, 4, 2), no_capacity_in("zb")),
        happenings=((300, "zone zb has capacity again", capacity_back),),
    ),
    Scenario(
        "A zone without room for half an hour rolls the update back",
        of(2, (1, 4, 2), no_capacity_in("za"), no_capacity_in("zb")),
        fails="NodeCreationFailure",
    ),
    Scenario(
        "New nodes that never join roll the update back",
        of(3, (1, 4, 3), web(3), new_version_never_joins),
        fails="NodeCreationFailure",
    ),
    Scenario(
        "New nodes that never become Ready roll the update back",
        of(2, (1, 4, 2), new_version_never_ready),
        fails="NodeCreationFailure",
    ),
    Scenario(
        "Nodes that join at the last minute save the update",
        of(1, (1, 3, 1), new_version_never_joins),
        happenings=((1500, "the image boots at last", image_mended),),
    ),
    Scenario(
        "A budget that can never be met fails the update after fifteen minutes",
        of(2, (1, 3, 2), web(2, least=2)),
        fails="PodEvictionFailure",
    ),
    Scenario(
        "A node is done at the very moment at which another fails the update",
        of(2, (1, 3, 2), web(1, least=1), also(Workload("slow", 1, grace_s=840))),
        at_once(2),
        fails="PodEvictionFailure",
    ),
    Scenario("The same budget, forced", of(2, (1, 3, 2), web(2, least=2)), force=True),
    Scenario(
        "One more replica lets a blocked update go on",
        of(2, (1, 3, 2), web(2, least=2)),
        happenings=((400, "web is scaled to 3 replicas", one_more_replica),),
    ),
    Scenario(
        "A budget is deleted in time",
        of(2, (1, 3, 2), web(2, most_away=0)),
        happenings=((600, "the budget is deleted", budget_lifted),),
    ),
    Scenario(
        "Two budgets on one pod block it",
        of(2, (1, 3, 2), web(2), two_budgets),
        fails="PodEvictionFailure",
    ),
    Scenario("Two budgets on one pod, forced", of(2, (1, 3, 2), web(2), two_budgets), force=True),
    Scenario(
        "A finalizer holds a pod for ever",
        of(1, (1, 3, 1), web(1, **STUCK)),
        fails="PodEvictionFailure",
    ),
    Scenario(
        "A finalizer is removed in time",
        of(1, (1, 3, 1), web(1, **STUCK)),
        happenings=((500, "the finalizer is removed", finalizer_removed),),
    ),
    Scenario("A finalizer holds a pod, forced", of(1, (1, 3, 1), web(1, **STUCK)), force=True),
    Scenario("A grace period of ten minutes is honoured", of(1, (1, 3, 1), web(1, **SLOW))),
    Scenario(
        "A grace period longer than the limit fails the update",
        of(1, (1, 3, 1), web(1, grace_s=1200)),
        fails="PodEvictionFailure",
    ),
    Scenario("DaemonSet pods go with their nodes", of(3, (1, 4, 3), web(3, least=2), also(AGENT))),
    Scenario("A pod that nobody owns is evicted and gone", of(1, (1, 3, 1), web(1, owner=None))),
    Scenario(
        "Replacements that take two minutes to start hold the budget up",
        of(3, (1, 5, 3), web(3, most_away=1, start_s=120)),
    ),
    Scenario("MINIMAL: two nodes, one at once", of(2, (1, 2, 2), web(2)), MINIMAL),
    Scenario(
        "MINIMAL: six nodes, three at once",
        of(3, (1, 6, 6), web(6, most_away=3)),
        replace(MINIMAL, max_unavailable=3),
    ),
    Scenario(
        "MINIMAL: a bad image is found after the first node",
        of(2, (1, 2, 2), new_version_never_joins),
        MINIMAL,
        fails="NodeCreationFailure",
    ),
    Scenario(
        "MINIMAL: a budget blocks the only node",
        of(1, (1, 1, 1), web(1, least=1)),
        MINIMAL,
        fails="PodEvictionFailure",
    ),
    Scenario(
        "An autoscaler scales up during the update",
        of(2, (1, 6, 3), web(3)),
        happenings=((120, "Cluster Autoscaler adds a node", desired(1)),),
    ),
    Scenario(
        "An autoscaler scales down during the update",
        of(2, (1, 6, 4), web(2)),
        happenings=((150, "Cluster Autoscaler removes a node", desired(-1)),),
        drops_by=1,
    ),
    Scenario(
        "A node that is not Ready goes first",
        of(3, (1, 5, 3), web(2), an_old_node_dies),
        drops_by=1,
    ),
    Scenario(
        "An old node disappears in the middle",
        of(2, (1, 5, 3), web(3)),
        happenings=((140, "EC2 takes an old node away", an_old_node_is_taken_away),),
        drops_by=1,
    ),
    Scenario(
        "A new node disappears in the middle",
        of(2, (1, 5, 3)),
        happenings=((140, "EC2 takes a new node away", a_new_node_is_taken_away),),
        drops_by=1,
    ),
    Scenario(
        "A node that is cordoned already goes before the others", of(2, (1, 4, 2), a_user_cordoned_a_node)
    ),
    Scenario(
        "Cancelled while new nodes start",
        of(2, (1, 4, 2), web(2)),
        cancel_at_s=30,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled in the middle of the upgrade",
        of(3, (1, 8, 6), web(6, most_away=1)),
        cancel_at_s=300,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled before it began, after an earlier try left a node cordoned",
        of(2, (1, 4, 2), web(2, least=2), an_earlier_try_left_an_old_node_cordoned),
        cancel_at_s=0,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled while new nodes start, after an earlier try left a node cordoned",
        of(2, (1, 4, 2), web(2, least=2), an_earlier_try_left_an_old_node_cordoned),
        cancel_at_s=30,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled while a node is blocked that an earlier try left cordoned",
        of(2, (1, 4, 2), web(2, least=2), an_earlier_try_left_an_old_node_cordoned),
        cancel_at_s=400,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled while a node is blocked that its owner cordoned",
        of(2, (1, 4, 2), web(2, least=2), a_user_cordoned_a_node),
        cancel_at_s=400,
        fails="Cancelled",
    ),
    Scenario(
        "Cancelled while a budget blocks",
        of(2, (1, 3, 2), web(2, least=2)),
        cancel_at_s=400,
        fails="Cancelled",
    ),
)
