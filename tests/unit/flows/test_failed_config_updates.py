"""A config update that is refused leaves group, record and nodes as they were, or says what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import nodegroups
from nodeyard.model.commands import ScalingChange, UpdateNodegroupConfig, WarmPoolChange
from nodeyard.model.nodegroup import Configuration, Nodegroup, Taint, UpdateConfig
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.ports import Changes, Denied, Invalid, LimitExceeded, NotFound, Unavailable
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER
from tests.fakes import Refusing
from tests.nouns import an_update

OLD = Taint("dedicated", "NO_SCHEDULE", "old")
NEW = Taint("dedicated", "NO_SCHEDULE", "new")
EVERYTHING: dict[str, Any] = {
    "labels_add": {"team": "b", "added": "1"},
    "labels_remove": ("gone",),
    "taints_add": (NEW,),
    "scaling": ScalingChange(desired=3),
    "update_config": UpdateConfig(2),
    "warm_pool": WarmPoolChange(enabled=True, min_size=1),
}


class Clusters(Refusing):
    """Clusters of which each has its API refuse."""

    def kubernetes(self, cluster: Any) -> Any:
        if not hasattr(self, "_api"):
            inner = self._inner.kubernetes(cluster)
            self._api = Refusing(inner, self._call, self._error, self._left, allowed=self._allowed)
        return self._api


def a_group(simulation: Simulation) -> None:
    simulation.create_cluster(version="1.34")
    simulation.create_nodegroup("blue", 2, maximum=4, labels={"team": "a", "gone": "1"}, taints=(OLD,))
    simulation.until_active("blue")


def change(simulation: Simulation, **members: Any) -> Update:
    command = UpdateNodegroupConfig(CLUSTER, "blue", **members)
    return simulation.until_ended(
        simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))
    )


def configuration(group: Nodegroup) -> Configuration:
    return Configuration(
        group.labels,
        group.taints,
        group.scaling,
        group.update_config,
        group.repair_config,
        group.warm_pool,
    )


def carried(simulation: Simulation) -> list[tuple[dict[str, str], Any]]:
    """Return labels of our own and taints of every node."""
    return [
        (
            {key: node["metadata"]["labels"].get(key) for key in ("team", "gone", "added")},
            node["spec"].get("taints"),
        )
        for node in simulation.nodes()
    ]


def launches(simulation: Simulation) -> tuple[Any, ...]:
    found = simulation.auto_scaling_group("blue")
    return found.minimum, found.maximum, found.desired, found.launch_template_version, found.warm_pool


@pytest.mark.parametrize(
    ("hand", "call", "error", "allowed"),
    [
        ("compute", "add_template_version", Invalid("the template is too large"), 0),
        ("clusters", "patch_node", Denied("not allowed to patch nodes"), 1),
        ("compute", "set_warm_pool", Denied("not allowed to put a warm pool"), 0),
        ("compute", "set_group_template_version", Denied("not allowed to use the template"), 0),
        ("compute", "resize_group", Invalid("the sizes are wrong"), 0),
    ],
)
def test_a_refused_update_changes_nothing_and_says_so(
    hand: str, call: str, error: Exception, allowed: int
) -> None:
    holder: list[Refusing] = []

    def refusing(hands: Hands) -> Hands:
        kind = Clusters if hand == "clusters" else Refusing
        made: Any = kind(getattr(hands, hand), call, error, 0, allowed=allowed)
        holder.append(made)
        return replace(hands, **{hand: made})

    with Simulation(seed=3, around=refusing) as simulation:
        a_group(simulation)
        before = simulation.nodegroup("blue")
        nodes, launched = carried(simulation), launches(simulation)
        refuse(holder[-1])
        update = change(simulation, **EVERYTHING)
        assert update.status is UpdateStatus.FAILED
        (failed,) = update.errors
        assert failed.error_code == ("AccessDenied" if isinstance(error, Denied) else "Unknown")
        assert failed.error_message == (
            f"{error}. Nothing of this update is in effect: the node group is configured as before. "
            "Correct what was refused, then send the update again."
        )
        after = simulation.nodegroup("blue")
        assert after.status is NodegroupStatus.ACTIVE
        assert configuration(after) == configuration(before)
        assert (carried(simulation), launches(simulation)[:4]) == (nodes, launched[:4])
        assert after.resources.launch_template_version == launched[3]
        simulation.run_for(600)  # a warm pool takes a while to go
        assert (carried(simulation), launches(simulation)) == (nodes, launched)
        assert simulation.nodegroup("blue").status is NodegroupStatus.ACTIVE
        assert change(simulation, **EVERYTHING).status is UpdateStatus.SUCCESSFUL
        assert simulation.nodegroup("blue").labels == {"team": "b", "added": "1"}
        assert launches(simulation)[:3] == (0, 4, 3)


def test_an_update_waits_a_quarter_of_an_hour_for_a_quota_and_fails() -> None:
    def full(hands: Hands) -> Hands:
        limit = LimitExceeded("too many versions")
        compute: Any = Refusing(hands.compute, "add_template_version", limit, 10_000)
        return replace(hands, compute=compute)

    with Simulation(seed=3, around=full) as simulation:
        a_group(simulation)
        before = configuration(simulation.nodegroup("blue"))
        update = change(simulation, **EVERYTHING)
        assert update.status is UpdateStatus.FAILED and update.finished_at is not None
        assert 900 < (update.finished_at - update.created_at).total_seconds() < 1200
        assert update.errors[0].error_message.startswith(
            "too many versions. Nothing of this update is in effect"
        )
        assert configuration(simulation.nodegroup("blue")) == before


def test_an_update_that_may_not_even_look_fails_and_says_that_it_cannot_see() -> None:
    holder: list[Refusing] = []

    def blind(hands: Hands) -> Hands:
        made: Any = Refusing(hands.compute, "group", Denied("not allowed to look"), 0)
        holder.append(made)
        return replace(hands, compute=made)

    with Simulation(seed=3, around=blind) as simulation:
        a_group(simulation)
        before = configuration(simulation.nodegroup("blue"))
        holder[-1]._left = 2  # once to do it, once to take it back
        update = change(simulation, **EVERYTHING)
        (failed,) = update.errors
        assert failed.error_code == "AccessDenied"
        assert "what is in effect cannot be seen (not allowed to look)" in failed.error_message
        assert configuration(simulation.nodegroup("blue")) == before


def refuse(hand: Refusing) -> None:
    """Begin to refuse, once."""
    target = hand.__dict__.get("_api", hand)
    target._left = 1


def test_an_update_goes_on_after_what_passes_and_tells_what_it_could_not_take_back() -> None:
    """The sizes are refused, and the way back to the template from before as well."""
    holder: list[Any] = []

    def refusing(hands: Hands) -> Hands:
        late = Unavailable("try again")
        once: Any = Refusing(hands.compute, "add_template_version", late, 1)
        sizes: Any = Refusing(once, "resize_group", Invalid("the sizes are wrong"), 1)
        back: Any = Refusing(sizes, "set_group_template_version", Denied("not any more"), 1, allowed=1)
        holder.append(back)
        return replace(hands, compute=back)

    with Simulation(seed=3, around=refusing) as simulation:
        a_group(simulation)
        update = change(simulation, **EVERYTHING)
        assert update.errors[0].error_message == (
            "the sizes are wrong. The node group is configured as before, but not all could be taken back: "
            "nodes launched from now on get its labels and taints (not any more). Correct what was refused, "
            "then send the update again."
        )
        group = simulation.nodegroup("blue")
        assert (group.labels, group.taints) == ({"team": "a", "gone": "1"}, (OLD,))
        assert group.resources.launch_template_version == launches(simulation)[3] == update.template_version


def test_a_node_that_leaves_while_labels_change_does_not_make_the_update_fail() -> None:
    def gone(hands: Hands) -> Hands:
        clusters: Any = Clusters(hands.clusters, "patch_node", NotFound("no such node"), 1)
        return replace(hands, clusters=clusters)

    with Simulation(seed=3, around=gone) as simulation:
        a_group(simulation)
        update = change(simulation, labels_add={"team": "b"})
        assert update.status is UpdateStatus.SUCCESSFUL


def test_an_update_that_an_earlier_version_accepted_is_carried_out() -> None:
    """Earlier versions changed the record when they accepted it, and did not say what it becomes."""
    with Simulation(seed=3) as simulation:
        a_group(simulation)
        group = simulation.nodegroup("blue")
        accepted = an_update(
            scope=group.scope, type="ConfigUpdate", params=(("LabelsToAdd", '{"team":"b"}'),), revision=0
        )
        updating = replace(
            group.moved_to(NodegroupStatus.UPDATING, simulation.clock.now()),
            labels={"team": "b", "gone": "1"},
            active_update=accepted.id,
        )
        wake = ((keys.of_nodegroup(group.scope, CLUSTER, "blue"), simulation.clock.now()),)
        simulation.do(simulation.store.commit(Changes(put=(updating, accepted), wake=wake)))
        assert simulation.until_ended(accepted).status is UpdateStatus.SUCCESSFUL
        assert simulation.nodegroup("blue").labels == {"team": "b", "gone": "1"}
        assert {labels["team"] for labels, _ in carried(simulation)} == {"b"}
