"""How a group gets the instances it lacks: batches a subnet, kinds, types to fall back to, failures.

Called by the engine for one group at a time. After every await the group is read again, because
requests change it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nodeyard.ports import Clock
from nodeyard.world.aws.autoscaling import planning
from nodeyard.world.aws.autoscaling.lifecycle import Lifecycle
from nodeyard.world.aws.autoscaling.planning import Offer, second
from nodeyard.world.aws.autoscaling.records import GROUP_TAG
from nodeyard.world.aws.autoscaling.state import GroupState
from nodeyard.world.aws.fleet import Instances, LaunchFailed, LaunchSpec, Machine, TemplateChoice


@dataclass(frozen=True, slots=True)
class Batch:
    """Like instances for one subnet."""

    subnet_id: str
    zone: str
    count: int
    spot: bool
    surplus: bool


class Launching:
    """Launches for groups. `took` is told of each instance once its group has it."""

    def __init__(
        self,
        instances: Instances,
        clock: Clock,
        lifecycle: Lifecycle,
        took: Callable[[GroupState, Machine], None],
        save: Callable[[GroupState], None],
    ) -> None:
        self._instances = instances
        self._clock = clock
        self._lifecycle = lifecycle
        self._took = took
        self._save = save

    async def launch(self, state: GroupState, wanted: int, *, surplus: bool = False) -> None:
        """Launch what is wanted, zone by zone; what fails in one zone is tried in the others."""
        have_on_demand = sum(1 for one in state.members.values() if one.counted and not one.spot)
        kinds = planning.by_kind(state.group, have_on_demand, state.counted, wanted)
        failed = False
        state.launching = wanted
        try:
            for spot, count in zip((False, True), kinds, strict=True):
                if count:
                    failed |= await self._kind(state, count, spot=spot, surplus=surplus)
        finally:
            state.launching = 0
        if failed:
            failures = state.group.failures + 1
            retry_at = self._clock.after(planning.retry_delay_s(failures))
            state.change(failures=failures, retry_at=retry_at)
        elif state.group.failures:
            state.change(failures=0, retry_at=None)

    async def _kind(self, state: GroupState, wanted: int, *, spot: bool, surplus: bool) -> bool:
        """Return whether some could not be launched anywhere."""
        closed: set[str] = set()
        while wanted:
            group = state.group
            if group.status is not None:
                return False
            subnets = {id: zone for id, zone in group.zones.items() if id not in closed}
            plan = planning.spread(subnets, state.zones, wanted)
            if not plan:
                return True
            for subnet, count in plan.items():
                batch = Batch(subnet, group.zones[subnet], count, spot, surplus)
                missing = await self._batch(state, batch)
                wanted -= count - missing
                if missing:
                    closed.add(subnet)
        return False

    async def _batch(self, state: GroupState, batch: Batch) -> int:
        """Launch a batch from the best offer that works; return how many are missing."""
        missing = batch.count
        error: LaunchFailed | None = None
        for offer in planning.offers(state.group, spot=batch.spot):
            template = await self._instances.template(state.group.account, state.group.region, offer.template)
            if template is None:
                error = _no_template(offer.template)
                continue
            found = replace(offer, template=template)
            while missing:
                done, error = await self._some(state, replace(batch, count=missing), found)
                missing -= done
                if not done:
                    break
            if not missing:
                return 0
        if error is not None:
            self._fail(state, batch, error)
        return missing

    async def _some(self, state: GroupState, batch: Batch, offer: Offer) -> tuple[int, LaunchFailed | None]:
        """Launch the batch, or the half of it, or a quarter …; return how many there are."""
        count = batch.count
        while True:
            try:
                machines = await self._instances.launch(_spec(state, batch, offer, count))
            except LaunchFailed as error:
                if not planning.may_split(error.code, count):
                    return 0, error
                count //= 2
                continue
            self._take(state, machines, batch, offer.template)
            return count, None

    def _take(
        self, state: GroupState, machines: tuple[Machine, ...], batch: Batch, template: TemplateChoice
    ) -> None:
        now = second(self._clock.now())
        story = f"{state.group.reason}  " if state.group.reason else ""
        for machine in machines:
            have = state.counted
            if batch.surplus:
                cause = (
                    f"At {now} an instance was launched to aid in balancing the group's zones: "
                    f"availability zone {machine.zone} had fewer instances than others."
                )
            else:
                cause = (
                    f"{story}At {now} an instance was started in response to a difference between desired "
                    f"and actual capacity, increasing the capacity from {have} to {have + 1}."
                )
            self._lifecycle.admit(state, machine, template, cause=cause, surplus=batch.surplus)
            self._took(state, machine)
        self._save(state)

    def _fail(self, state: GroupState, batch: Batch, error: LaunchFailed) -> None:
        text = planning.failure_text(state.group, spot=batch.spot, code=error.code, message=error.message)
        now = second(self._clock.now())
        story = f"{state.group.reason}  " if state.group.reason else ""
        have = state.counted
        self._lifecycle.activity(
            state,
            f"Launching a new EC2 instance.  Status Reason: {text}",
            f"{story}At {now} an instance was started in response to a difference between desired and "
            f"actual capacity, increasing the capacity from {have} to {have + batch.count}.",
            f'{{"Subnet ID":"{batch.subnet_id}","Availability Zone":"{batch.zone}"}}',
            status="Failed",
            message=text,
        )
        self._save(state)


def _spec(state: GroupState, batch: Batch, offer: Offer, count: int) -> LaunchSpec:
    group = state.group
    tags = {tag.key: tag.value for tag in group.tags.values() if tag.propagate}
    return LaunchSpec(
        account=group.account,
        region=group.region,
        template=offer.template,
        subnet_id=batch.subnet_id,
        count=min(count, 1000),
        instance_type=offer.instance_type,
        spot=batch.spot,
        tags={**tags, GROUP_TAG: group.name},
    )


def _no_template(choice: TemplateChoice) -> LaunchFailed:
    return LaunchFailed("InvalidLaunchTemplateId.NotFound", no_template(choice))


def no_template(choice: TemplateChoice) -> str:
    """Return what Auto Scaling says of a template that is not there."""
    named = f"ID {choice.id}" if choice.id else f"name {choice.name}"
    return (
        "You must use a valid fully-formed launch template. The specified launch template, with template "
        f"{named} and version {choice.version}, does not exist."
    )
