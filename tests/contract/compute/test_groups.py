"""What every Compute promises of Auto Scaling groups."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nodeyard.ports import (
    LAUNCH_HOOK,
    TERMINATE_HOOK,
    AutoScalingGroup,
    Conflict,
    Invalid,
    NotFound,
    WarmPoolSettings,
)
from tests.contract.compute.places import Place


def waiting(found: AutoScalingGroup | None, state: str, count: int = 1) -> bool:
    return found is not None and [each.lifecycle_state for each in found.instances].count(state) == count


def warm(found: AutoScalingGroup | None, state: str) -> bool:
    """Tell whether one instance of the pool is in this state."""
    return found is not None and [each.lifecycle_state for each in found.warm].count(state) == 1


async def in_service(place: Place, name: str, count: int) -> AutoScalingGroup:
    """Let the instances of a group in, as the launch flow does."""
    found: AutoScalingGroup = await place.until(lambda now: waiting(now, "Pending:Wait", count), name)
    for each in found.instances:
        if each.lifecycle_state == "Pending:Wait":
            await place.compute.complete_hook(place.scope, name, LAUNCH_HOOK, each.id, result="CONTINUE")
    return await place.until(lambda now: waiting(now, "InService", len(found.instances)), name)


async def test_a_group_is_made_once_with_its_hooks_and_spread_over_zones(place: Place) -> None:
    request = await place.request(desired=3)
    for _ in range(2):
        await place.compute.ensure_group(place.scope, request)
    found = await in_service(place, request.name, 3)
    assert (found.minimum, found.maximum, found.desired) == (0, 5, 3)
    assert (found.launch_template_id, found.launch_template_version) == (request.launch_template_id, "1")
    assert (found.status, found.suspended_processes) == (None, ())
    assert found.hooks == (LAUNCH_HOOK, TERMINATE_HOOK)
    assert {each.zone for each in found.instances} == set(found.zones) and len(found.zones) == 3
    for each in found.instances:
        assert (each.instance_type, each.health_status) == ("t3.medium", "Healthy")
        assert each.launch_template_version == "1"
    activities = await place.compute.activities(place.scope, request.name)
    assert {each.status for each in activities} == {"Successful"} and len(activities) == 3
    assert list(activities) == sorted(activities, key=lambda each: each.start, reverse=True)


async def test_a_terminated_instance_waits_at_its_hook_and_is_replaced(place: Place) -> None:
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    (old,) = (await in_service(place, request.name, 1)).instances
    for _ in range(2):
        await place.compute.terminate_instance(place.scope, old.id)
    found = await place.until(
        lambda now: waiting(now, "Terminating:Wait") and waiting(now, "Pending:Wait"), request.name
    )
    assert found.desired == 1
    for _ in range(2):
        await place.compute.complete_hook(
            place.scope, request.name, TERMINATE_HOOK, old.id, result="CONTINUE"
        )
    found = await place.until(lambda now: now is not None and len(now.instances) == 1, request.name)
    assert found.instances[0].id != old.id


async def test_a_termination_may_take_the_desired_size_along(place: Place) -> None:
    request = await place.request(desired=2)
    await place.compute.ensure_group(place.scope, request)
    first, _ = (await in_service(place, request.name, 2)).instances
    for _ in range(2):
        await place.compute.terminate_instance(place.scope, first.id, decrement=True)
    found = await place.until(lambda now: waiting(now, "Terminating:Wait"), request.name)
    assert (found.desired, len(found.instances)) == (1, 2)
    await place.compute.resize_group(place.scope, request.name, minimum=1, maximum=5, desired=1)
    second = next(each for each in found.instances if each.id != first.id)
    with pytest.raises(Invalid):
        await place.compute.terminate_instance(place.scope, second.id, decrement=True)


async def test_a_process_is_suspended_and_resumed_any_number_of_times(place: Place) -> None:
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    for suspended in (True, True, False, False):
        await place.compute.suspend_process(place.scope, request.name, "AZRebalance", suspended=suspended)
        found = await place.compute.group(place.scope, request.name)
        assert found is not None
        assert found.suspended_processes == (("AZRebalance",) if suspended else ())
    with pytest.raises(NotFound):
        await place.compute.suspend_process(place.scope, "no", "AZRebalance", suspended=True)


async def test_a_group_goes_once_it_is_empty(place: Place) -> None:
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    (only,) = (await in_service(place, request.name, 1)).instances
    await place.compute.resize_group(place.scope, request.name, minimum=0, maximum=0, desired=0)
    with pytest.raises(Conflict, match="still has 1 instance"):
        await place.compute.delete_group(place.scope, request.name)
    await place.until(lambda now: waiting(now, "Terminating:Wait"), request.name)
    await place.compute.complete_hook(place.scope, request.name, TERMINATE_HOOK, only.id, result="CONTINUE")
    await place.until(lambda now: now is not None and not now.instances, request.name)
    await place.compute.delete_group(place.scope, request.name)
    await place.until(lambda now: now is None, request.name)
    await place.compute.delete_group(place.scope, request.name)
    assert await place.compute.activities(place.scope, request.name) == ()


async def test_an_abandoned_launch_is_started_again(place: Place) -> None:
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    found = await place.until(lambda now: waiting(now, "Pending:Wait"), request.name)
    first = found.instances[0].id
    await place.compute.complete_hook(place.scope, request.name, LAUNCH_HOOK, first, result="ABANDON")
    await place.until(
        lambda now: any(each.id != first and waiting(now, "Pending:Wait") for each in now.instances),
        request.name,
    )


@pytest.mark.parametrize("launched", [{}, {"capacity_block": True, "instance_types": ()}])
async def test_new_instances_come_from_the_template_version_that_is_set(
    place: Place, launched: dict[str, Any]
) -> None:
    request = await place.request(desired=0, **launched)
    await place.compute.ensure_group(place.scope, request)
    data = {"ImageId": (await _data(place, request.launch_template_id))["ImageId"]}
    version = await place.compute.add_template_version(
        place.scope, request.launch_template_id, data, "token-2"
    )
    template = request.launch_template_id
    for _ in range(2):
        await place.compute.set_group_template_version(place.scope, request.name, template, version)
    await place.compute.resize_group(place.scope, request.name, minimum=0, maximum=2, desired=1)
    found = await place.until(lambda now: waiting(now, "Pending:Wait"), request.name)
    assert (found.launch_template_version, found.instances[0].launch_template_version) == ("2", "2")
    assert found.instances[0].instance_type == "t3.medium"
    with pytest.raises(Invalid):
        await place.compute.set_group_template_version(place.scope, request.name, template, "9")


async def _data(place: Place, template: str) -> dict[str, str]:
    found = await place.compute.template(place.scope, id=template, name=None, version=None)
    assert found is not None
    return found.data


async def test_spot_groups_launch_spot_instances_of_the_first_type_there_is(place: Place) -> None:
    request = await place.request(spot_allocation="price-capacity-optimized", instance_types=("m5.large",))
    await place.compute.ensure_group(place.scope, request)
    found = await place.until(lambda now: waiting(now, "Pending:Wait"), request.name)
    assert found.instances[0].instance_type == "m5.large"


async def test_the_notice_of_a_spot_instance_can_be_asked_for_until_ec2_takes_it_back(place: Place) -> None:
    request = await place.request(desired=2, spot_allocation="price-capacity-optimized")
    await place.compute.ensure_group(place.scope, request)
    found = await in_service(place, request.name, 2)
    taken, kept = (each.id for each in found.instances)
    assert await place.compute.interruptions(place.scope, [taken, kept]) == {}
    place.interrupt([taken])
    noticed: dict[str, datetime] = {}
    async with asyncio.timeout(10):
        while not noticed:
            noticed = await place.compute.interruptions(place.scope, [taken, kept])
    assert set(noticed) == {taken} and noticed[taken].tzinfo is not None
    await place.until(
        lambda now: now is not None and taken not in {m.id for m in now.instances}, request.name
    )
    assert await place.compute.interruptions(place.scope, []) == {}


async def test_a_reboot_leaves_an_instance_in_service(place: Place) -> None:
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    (instance,) = (await in_service(place, request.name, 1)).instances
    await place.compute.reboot_instance(place.scope, instance.id)
    found = await place.compute.group(place.scope, request.name)
    assert found is not None and found.instances == (instance,)
    assert place.reboots(instance.id) == 1
    await place.compute.reboot_instance(place.scope, "i-0123456789abcdef0")


async def test_a_launch_that_fails_is_an_activity_that_says_why(place: Place) -> None:
    template, version = await place.template("broken", ImageId="ami-0badc0ffee0badc0f")
    request = await place.request(launch_template_id=template, launch_template_version=version)
    await place.compute.ensure_group(place.scope, request)
    await place.until(lambda now: now is not None and not now.instances, request.name)
    activities = ()
    for _ in range(200):
        activities = await place.compute.activities(place.scope, request.name)
        if activities:
            break
        await place.until(lambda now: now is not None, request.name)
    assert activities[0].status == "Failed"
    assert "does not exist" in activities[0].message


async def test_a_group_that_does_not_exist(place: Place) -> None:
    compute, scope = place.compute, place.scope
    template, _ = await place.template()
    assert await compute.group(scope, "no") is None
    assert await compute.activities(scope, "no") == ()
    await compute.delete_group(scope, "no")
    await compute.terminate_instance(scope, "i-0badc0ffee0badc0f")
    await compute.complete_hook(scope, "no", LAUNCH_HOOK, "i-0badc0ffee0badc0f", result="CONTINUE")
    with pytest.raises(NotFound):
        await compute.resize_group(scope, "no", minimum=0, maximum=1, desired=1)
    with pytest.raises(NotFound):
        await compute.set_group_template_version(scope, "no", template, "1")


async def test_sizes_that_contradict_each_other_and_hooks_that_do_not_exist_are_refused(place: Place) -> None:
    request = await place.request(desired=0)
    await place.compute.ensure_group(place.scope, request)
    with pytest.raises(Invalid):
        await place.compute.resize_group(place.scope, request.name, minimum=2, maximum=1, desired=1)
    with pytest.raises(Invalid):
        await place.compute.complete_hook(
            place.scope, request.name, "No-Hook", "i-0badc0ffee0badc0f", result="CONTINUE"
        )
    other = replace(request, name="other", hook_heartbeat_s=60)
    await place.compute.ensure_group(place.scope, other)
    assert await place.compute.group(place.scope, "other") is not None


async def test_a_group_scales_down_when_its_scheduled_action_is_due(place: Place) -> None:
    request = await place.request(desired=2, minimum=1)
    await place.compute.ensure_group(place.scope, request)
    await in_service(place, request.name, 2)
    now = datetime.now(UTC)
    for at in (now + timedelta(hours=1), now + timedelta(seconds=1)):
        await place.compute.schedule_sizes(place.scope, request.name, "down", at=at, minimum=0, desired=0)
    found = await place.until(lambda now: waiting(now, "Terminating:Wait", 2), request.name)
    assert (found.minimum, found.maximum, found.desired) == (0, 5, 0)
    with pytest.raises(Invalid, match="in the past"):
        await place.compute.schedule_sizes(
            place.scope, request.name, "late", at=now - timedelta(hours=1), minimum=0, desired=0
        )
    with pytest.raises(NotFound):
        await place.compute.schedule_sizes(
            place.scope, "no", "down", at=now + timedelta(hours=1), minimum=0, desired=0
        )


async def test_the_end_of_a_capacity_reservation_is_known(place: Place) -> None:
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    id = await asyncio.to_thread(place.reserve, end)
    assert await place.compute.reservation_end(place.scope, id) == end
    assert await place.compute.reservation_end(place.scope, "cr-0badc0ffee0badc0f") is None


async def test_a_warm_pool_waits_beside_the_group_and_ends_with_a_word(place: Place) -> None:
    pool = WarmPoolSettings(minimum=1, ceiling=None, state="Stopped", reuse=True)
    request = await place.request()
    await place.compute.ensure_group(place.scope, request)
    await in_service(place, request.name, 1)
    await place.compute.set_warm_pool(place.scope, request.name, replace(pool, ceiling=2))
    found = await place.until(lambda now: warm(now, "Warmed:Pending:Wait"), request.name)
    (first,) = found.warm
    await place.compute.complete_hook(place.scope, request.name, LAUNCH_HOOK, first.id, result="CONTINUE")
    found = await place.until(lambda now: warm(now, "Warmed:Stopped"), request.name)
    assert found.warm_pool == replace(pool, ceiling=2) and not found.warm_pool_deleting
    assert [each.id for each in found.warm] == [first.id] and len(found.instances) == 1
    with pytest.raises(Invalid, match="warm pool"):
        await place.compute.terminate_instance(place.scope, first.id)
    await place.compute.set_warm_pool(place.scope, request.name, replace(pool, minimum=0, ceiling=1))
    await place.until(lambda now: warm(now, "Warmed:Terminating:Wait"), request.name)
    await place.compute.complete_hook(place.scope, request.name, TERMINATE_HOOK, first.id, result="CONTINUE")
    await place.compute.set_warm_pool(place.scope, request.name, pool)
    found = await place.until(lambda now: now is not None and now.warm_pool == pool, request.name)
    for _ in range(2):
        await place.compute.set_warm_pool(place.scope, request.name, None)
        found = await place.until(lambda now: now is not None and now.warm_pool is None, request.name)
    assert found.warm == () and len(found.instances) == 1


async def test_spot_instances_do_not_wait_in_a_warm_pool(place: Place) -> None:
    request = replace(await place.request(desired=0), spot_allocation="price-capacity-optimized")
    await place.compute.ensure_group(place.scope, request)
    with pytest.raises(Invalid, match="Spot"):
        await place.compute.set_warm_pool(
            place.scope, request.name, WarmPoolSettings(minimum=1, ceiling=None, state="Running", reuse=False)
        )
