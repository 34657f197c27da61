"""One pass over one group: the records as read, the hands, and the fenced way to write."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.engine.runner import Next, Work
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.planner import membership
from nodeyard.planner.membership import Member
from nodeyard.ports import AutoScalingGroup, Changes, Event, Kubernetes

PATIENCE_S = 15 * 60.0
"""How long an update waits for a quota or a lost template before it fails (ours)."""


@dataclass(slots=True)
class Visit:
    """Lives for one pass. `group` is always the newest record this worker has written or read."""

    work: Work
    hands: Hands
    cluster: Cluster
    group: Nodegroup
    pooled: tuple[Member, ...] = ()
    """The instances of the warm pool, as of the last `observe`."""
    _kubernetes: Kubernetes | None = None

    @property
    def kubernetes(self) -> Kubernetes:
        if self._kubernetes is None:
            self._kubernetes = self.hands.clusters.kubernetes(self.cluster)
        return self._kubernetes

    def again(self, seconds: float) -> Next:
        """Look again after simulated seconds, or earlier when something changes."""
        return Next(at=self.hands.clock.after(seconds))

    def event(self, kind: str, message: str, **subject: str) -> Event:
        """Return an event of this group; while an update runs, it is the first of the causes."""
        group = self.group
        if group.active_update is not None:
            subject = {"update": group.active_update} | subject
        return Event(group.scope, group.cluster, group.name, self.hands.clock.now(), kind, message, subject)

    def out_of_patience(self, update: Update) -> bool:
        """Tell whether an update has waited long enough for what people must do."""
        clock = self.hands.clock
        return clock.now() - update.created_at > clock.after(PATIENCE_S) - clock.now()

    async def save(self, group: Nodegroup, *events: Event, update: Update | None = None) -> None:
        """Write the group, and an update with it, in one fenced transaction."""
        put = (group,) if update is None else (group, update)
        await self.work.commit(Changes(put=put, events=events))
        self.group = replace(group, revision=group.revision + 1)

    async def save_update(self, update: Update, *events: Event) -> None:
        """Write an update alone, in one fenced transaction."""
        await self.work.commit(Changes(put=(update,), events=events))

    async def observe(self) -> tuple[AutoScalingGroup | None, tuple[Member, ...]]:
        """Return the Auto Scaling group and its instances joined with their nodes."""
        group = self.group
        found = await self.hands.compute.group(group.scope, group.auto_scaling_group_name)
        # Nodes of a custom image are labelled only after they joined, so they are found by instance.
        custom = group.ami_type == "CUSTOM"
        nodes = await self.kubernetes.nodes({} if custom else {"eks.amazonaws.com/nodegroup": group.name})
        self.pooled = membership.pooled(found, nodes)
        return found, membership.join(found, nodes)
