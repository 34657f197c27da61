"""What faults do to machines and their kubelets. Pure; asked by `world.machines` and by fleets."""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.ports import ActiveFault
from nodeyard.world.aws.fleet import Machine
from nodeyard.world.faults import scopes


def group_of(machine: Machine) -> str | None:
    """Return the node group of an instance."""
    return machine.tags.get(scopes.GROUP_TAG)


def keeps_from_joining(active: Sequence[ActiveFault], machine: Machine) -> str | None:
    """Return what the boot log says of a machine that does not register; None: it does."""
    if scopes.first(active, "never-join", group=group_of(machine), zone=machine.zone) is None:
        return None
    return 'kubelet: "Unable to register node with API server": the network of the machine is down'


def is_silent(active: Sequence[ActiveFault], machine: Machine, *, reports: bool) -> bool:
    """Return whether a machine's kubelet says nothing; `reports`: it has reported so far."""
    names = ("kubelet-mute",) if reports else ("kubelet-mute", "never-ready")
    return any(scopes.first(active, each, group=group_of(machine), zone=machine.zone) for each in names)


def stays(active: Sequence[ActiveFault], machine: Machine) -> bool:
    """Return whether a machine does not heed that it shall terminate."""
    return scopes.first(active, "stuck-termination", group=group_of(machine), zone=machine.zone) is not None
