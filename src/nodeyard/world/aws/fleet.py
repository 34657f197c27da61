"""What the embedded AWS tells of instances, and what Auto Scaling asks of EC2.

`Machine` is one instance as others see it; machines boot from it. `Instances` is the seam
between the Auto Scaling engine and the records of EC2: the engine never touches those itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

PENDING = "pending"
RUNNING = "running"
SHUTTING_DOWN = "shutting-down"
TERMINATED = "terminated"
STOPPING = "stopping"
STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Machine:
    """One instance. `state` is EC2's; `lifecycle` is `spot` or `on-demand`."""

    id: str
    account: str
    region: str
    zone: str
    instance_type: str
    private_ip: str
    private_dns_name: str
    image_id: str
    user_data: bytes
    """Decoded, as the instance reads it; empty where none was given."""
    lifecycle: str
    state: str
    launched_at: datetime
    subnet_id: str = ""
    vpc_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    reboots: int = 0
    """How often it was rebooted since this process began."""
    pooled: bool = False
    """It waits in the warm pool of its group and joins no cluster; Auto Scaling knows, EC2 does not."""


MachineListener = Callable[[Machine], None]
"""Called on the event loop's thread after a machine appeared or changed its state."""


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A launch template and version as Auto Scaling holds them: `$Latest`, `$Default` or a number."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """One batch of like instances in one subnet. Bounds: 1 <= count <= 1000."""

    account: str
    region: str
    template: TemplateChoice
    subnet_id: str
    count: int
    instance_type: str | None
    """None: the type that the template names."""
    spot: bool
    tags: dict[str, str]
    """Put on each instance beside the tags of the template."""
    pooled: bool = False
    """They begin in the warm pool of their group."""


class LaunchFailed(Exception):
    """EC2 launched nothing. `code` is EC2's error code, `message` its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def told(self, *, spot: bool) -> str:
        """Return what Auto Scaling tells of it. Source: reference, health issue codes."""
        kind, said = "Spot" if spot else "On-Demand", self.message.rstrip(".")
        return f"Could not launch {kind} Instances. {self.code} - {said}. Launching EC2 instance failed."


def no_template(choice: TemplateChoice) -> LaunchFailed:
    """Return how EC2 refuses to launch from a template that does not exist."""
    what = f"The launch template {choice.id or choice.name} does not exist"
    return LaunchFailed("InvalidLaunchTemplateId.NotFound", what)


def launch_tags(template_id: str, version: int, data: dict[str, Any], spec: LaunchSpec) -> dict[str, str]:
    """Return the tags of an instance that is launched from `data` of a version of a template."""
    kinds = {each["ResourceType"]: each.get("Tags", []) for each in data.get("TagSpecifications") or []}
    return {
        "aws:ec2launchtemplate:id": template_id,
        "aws:ec2launchtemplate:version": str(version),
        **{tag["Key"]: tag.get("Value", "") for tag in kinds.get("instance", [])},
        **spec.tags,
    }


class Instances(Protocol):
    """EC2 as the Auto Scaling engine needs it. Every call is safe from the event loop."""

    async def launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        """Launch exactly `count` instances, pending at first, running some seconds later.

        Raises: LaunchFailed; then none of them was launched.
        """
        ...

    async def terminate(self, account: str, region: str, ids: Sequence[str]) -> None:
        """Begin to shut instances down; unknown or terminated ones are passed over."""
        ...

    async def stop_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        """Begin to stop running instances; others are passed over."""
        ...

    async def start_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        """Start stopped instances, pending at first; others are passed over."""
        ...

    def set_pooled(self, ids: Sequence[str], *, pooled: bool) -> None:
        """Say whether instances wait in a warm pool; unknown ones are passed over."""
        ...

    async def reboot(self, account: str, region: str, ids: Sequence[str]) -> None:
        """Reboot running instances; their state in EC2 stays `running`. Others are passed over."""
        ...

    async def subnet_zones(self, account: str, region: str, subnet_ids: Sequence[str]) -> dict[str, str]:
        """Return subnet id -> zone for the subnets that exist."""
        ...

    async def template(self, account: str, region: str, choice: TemplateChoice) -> TemplateChoice | None:
        """Return the template with id, name and a version number filled in; None where it does not exist.

        Either `id` or `name` of `choice` may be empty; version `$Latest` and `$Default` are resolved.
        """
        ...

    async def tag(self, account: str, region: str, ids: Sequence[str], tags: dict[str, str]) -> None: ...

    def listen(self, callback: MachineListener) -> None: ...

    def machines_now(self) -> tuple[Machine, ...]:
        """Return every instance of all accounts and Regions."""
        ...
