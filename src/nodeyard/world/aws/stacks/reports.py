"""What is seen of an operation: the status of the stack and its events. On moto's thread only."""

from __future__ import annotations

from moto.cloudformation.models import Event, Stack

from nodeyard.world.aws.stacks import resources
from nodeyard.world.aws.stacks.kept import progress
from nodeyard.world.aws.stacks.properties import PropertyError, Wanted


class Reports:
    """Writes the events of one stack. A step that is taken again is told of once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._at = progress(stack)

    def status(self, status: str, reason: str | None = None) -> None:
        self._stack.status = status
        self._stack.status_reason = reason
        self._stack._add_stack_event(status, resource_status_reason=reason)

    def end(self, status: str, reason: str | None = None) -> None:
        self._at.goal = None
        self.status(status, reason or getattr(self._stack, "status_reason", None))

    def eks(self, logical: str, wanted: Wanted, status: str, reason: str | None = None) -> None:
        self.of(logical, wanted.kind, status, reason, wanted.physical_id)

    def of(
        self, logical: str, kind: str, status: str, reason: str | None = None, physical: str | None = None
    ) -> None:
        stack = self._stack
        thing = stack.resource_map._parsed_resources.get(logical)
        event = Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=logical,
            physical_resource_id=physical or resources.physical_id(thing),
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
        if not (stack.events and _same(stack.events[-1], event)):
            stack.events.append(event)


def _same(one: Event, other: Event) -> bool:
    """Tell whether a step was only taken again."""
    return (one.logical_resource_id, one.resource_status) == (
        other.logical_resource_id,
        other.resource_status,
    )


def text(error: Exception) -> str:
    """Return why something failed, as CloudFormation would say it."""
    if isinstance(error, PropertyError):
        return f"Properties validation failed for resource with message: {error}"
    message = getattr(error, "message", None) or getattr(error, "description", None)
    return str(message or error or repr(error))
