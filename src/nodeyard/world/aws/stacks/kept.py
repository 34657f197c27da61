"""What is kept with a stack, so that its operation goes on after a crash. On moto's thread only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.models import Stack

from nodeyard.world.aws.stacks.properties import Wanted

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


@dataclass
class Before:
    """What a stack was before an update."""

    template: Any
    parameters: dict[str, Any]
    tags: dict[str, str]


@dataclass
class Progress:
    """What is kept with a stack."""

    goal: str | None = None
    """CREATE, UPDATE or DELETE while one of them goes on."""
    id: str = ""
    back: bool = False
    """Whether what was done is being undone."""
    settled: set[str] = field(default_factory=set)
    made: dict[str, Any] = field(default_factory=dict)
    """Logical id -> the properties that it was made with, references resolved."""
    begun: dict[str, Any] = field(default_factory=dict)
    """EKS resources that were asked for and may or may not be there."""
    tried: dict[str, Wanted] = field(default_factory=dict)
    """Logical id -> what an EKS resource was last asked to become, when that did not end well."""
    leftover: list[Any] = field(default_factory=list)
    """Resources that were replaced, to be deleted when all else is done."""
    before: Before | None = None

    def begin(self, goal: str) -> None:
        self.goal, self.id, self.back = goal, str(uuid.uuid5(uuid.NAMESPACE_OID, self.id + goal)), False
        self.settled, self.leftover = set(), []

    def token(self, logical: str) -> str:
        """Return what names the task of this operation on a resource."""
        return f"{self.id} {logical}"


def progress(stack: Stack) -> Progress:
    """Return what is kept with a stack; a new beginning for one that never had any."""
    if not hasattr(stack, "nodeyard"):
        stack.nodeyard = Progress(id=stack.stack_id)
    kept: Progress = stack.nodeyard
    return kept


def adopt(stack: Stack, template: Any, parameters: dict[str, Any], tags: dict[str, str]) -> None:
    """Have a stack follow a template from now on; what it has made stays known to it."""
    before = stack.resource_map._parsed_resources
    stack.template, stack.parameters, stack.tags = template, parameters, tags
    stack._parse_template()
    stack.description = stack.template_dict.get("Description")
    stack.resource_map = stack._create_resource_map()
    made = {key: thing for key, thing in before.items() if hasattr(thing, "cf_resource_type")}
    stack.resource_map._parsed_resources.update(made)
    stack.output_map = stack._create_output_map()
