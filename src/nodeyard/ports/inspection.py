"""What a node group stands on in the account, asked about in one go by its health checks."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.ports.compute import Subnet


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything by name that must exist for a group. Templates are (id, version); None: not looked for."""

    nodegroup: str
    auto_scaling_group: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    role_arn: str
    instance_types: tuple[str, ...] = ()
    instance_profile: str | None = None
    template: tuple[str, str] | None = None
    source_template: tuple[str, str] | None = None
    image_id: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What of `Needs` is there now. What was not looked for counts as there."""

    subnets: tuple[Subnet, ...]
    security_groups: frozenset[str]
    offered_types: frozenset[str]
    role: bool = True
    instance_profile: bool = True
    template: bool = True
    source_template: bool = True
    image: bool = True
    instance_refresh: bool = False
    """Somebody runs an instance refresh on the Auto Scaling group."""
