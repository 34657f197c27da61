"""A person decides about operations that were parked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.drivers.store import MemoryStore
from nodeyard.drivers.system import SeededIds
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import failed
from nodeyard.model.refusal import RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.ports import Changes, Outcome
from nodeyard.world.aws.auto_scaling import AutoScaling
from nodeyard.world.aws.memory import Accounts, MemoryCompute, MemoryFleet
from tests.fakes import FakeClock
from tests.nouns import SCOPE, a_cluster, a_drain, a_nodegroup, a_rollout, an_update

KEY = keys.of_nodegroup(SCOPE, "prod", "blue")
BUG = "KeyError: 'x'"


async def _parked(status: NodegroupStatus, **of_the_update: Any) -> tuple[Hands, MemoryStore]:
    """Return hands on a store whose group was parked in a status, by an update where it is UPDATING."""
    clock, ids, store = FakeClock(), SeededIds(1), MemoryStore()
    accounts = Accounts(ids)
    fleet = MemoryFleet(accounts, clock, ids)
    groups = AutoScaling(instances=fleet, clock=clock, ids=ids, path=None, on_group_change=lambda *_: None)
    compute = MemoryCompute(accounts, groups)
    hands = Hands(store, compute, None, clock, ids, catalog.default())  # type: ignore[arg-type]
    update = an_update(id="u-1", **of_the_update)
    active = "u-1" if status is NodegroupStatus.UPDATING else None
    group = replace(a_nodegroup(), status=status, active_update=active)
    await store.commit(Changes(put=(a_cluster(), group, update), wake=((KEY, clock.now()),)))
    (lease,) = await store.claim("w", clock.now(), clock.after(5), 1)
    await store.finish(lease, clock.now(), Outcome(BUG, bug=True, park=True))
    return hands, store


async def test_retrying_takes_the_operation_up_at_once() -> None:
    hands, store = await _parked(NodegroupStatus.UPDATING)
    assert [each.key for each in await failed.parked(hands, SCOPE)] == [KEY]
    await failed.retry(hands, SCOPE, KEY)
    assert await failed.parked(hands, SCOPE) == ()
    assert len(await store.claim("w", hands.clock.now(), hands.clock.after(5), 1)) == 1
    assert store.events_now()[-1].kind == "OperationRetried"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NodegroupStatus.CREATING, NodegroupStatus.CREATE_FAILED),
        (NodegroupStatus.DELETING, NodegroupStatus.DELETE_FAILED),
        (NodegroupStatus.UPDATING, NodegroupStatus.ACTIVE),
        (NodegroupStatus.ACTIVE, NodegroupStatus.ACTIVE),
    ],
)
async def test_abandoning_ends_the_operation_as_failed(
    before: NodegroupStatus, after: NodegroupStatus
) -> None:
    hands, store = await _parked(before)
    await failed.abandon(hands, SCOPE, KEY)
    group = store.nodegroup_now(SCOPE, "prod", "blue")
    assert group is not None and group.status is after and group.active_update is None
    update = store.update_now(SCOPE, "prod", "blue", "u-1")
    assert update is not None
    if before is NodegroupStatus.UPDATING:
        assert (update.status, update.errors[0].error_message) == (UpdateStatus.FAILED, BUG)
    elif before is not after:
        assert [issue.message for issue in group.issues] == [BUG]
    assert await failed.parked(hands, SCOPE) == ()


async def test_nodes_of_an_abandoned_update_stay_known_as_cordoned_by_us() -> None:
    turns = (a_drain("i-1", cordoned=True), a_drain("i-2"))
    hands, store = await _parked(
        NodegroupStatus.UPDATING, type="VersionUpdate", rollout=a_rollout(turns=turns)
    )
    await failed.abandon(hands, SCOPE, KEY)
    group = store.nodegroup_now(SCOPE, "prod", "blue")
    assert group is not None and group.left_cordoned == ("i-1",)


async def test_what_is_not_parked_or_of_another_account_is_refused() -> None:
    hands, _ = await _parked(NodegroupStatus.UPDATING)
    for scope, key in ((SCOPE, "nodegroup/1/2/3/4"), (Scope("999999999999", SCOPE.region), KEY)):
        with pytest.raises(RefusedError, match="is parked"):
            await failed.retry(hands, scope, key)
    assert await failed.parked(hands, Scope("999999999999", SCOPE.region)) == ()
