"""One resource of a template made or changed. On moto's thread only."""

from __future__ import annotations

import uuid
from typing import Any

from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import clean_json, parse_and_update_resource
from moto.ec2.models import ec2_backends
from moto.ec2.models.core import TaggedEC2Resource

from nodeyard.wire.model import ServiceModel
from nodeyard.world.aws.stacks import properties, resources
from nodeyard.world.aws.stacks.changes import is_replaced
from nodeyard.world.aws.stacks.kept import progress
from nodeyard.world.aws.stacks.properties import KINDS, Wanted
from nodeyard.world.aws.stacks.reports import Reports
from nodeyard.world.aws.stacks.work import Failed, Task

_NAMED_BY_TEMPLATE = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
    "Rename {name} and update the stack again."
)


class Making:
    """Makes what needs no waiting; says what does."""

    def __init__(self, stack: Stack, model: ServiceModel | None) -> None:
        self._stack, self._model = stack, model
        self._at = progress(stack)
        self._reports = Reports(stack)

    def make(self, logical: str, json: dict[str, Any]) -> Task | None:
        """Make or change one resource, or return the task to wait for. Raises: anything."""
        resolved = clean_json(json, self._stack.resource_map)
        if json["Type"] in KINDS:
            return self._make_eks(logical, json["Type"], resolved)
        there = self._stack.resource_map._parsed_resources.get(logical)
        if there is None:
            self._make_other(logical, json["Type"])
        elif self._at.made.get(logical) != resolved:
            self._change_other(logical, json)
        self._at.made[logical] = resolved
        return None

    def _make_other(self, logical: str, kind: str) -> None:
        self._reports.of(logical, kind, "CREATE_IN_PROGRESS")
        stack = self._stack
        made = stack.resource_map[logical]
        if isinstance(made, TaggedEC2Resource):
            tags = stack.resource_map.tags | {"aws:cloudformation:logical-id": logical}
            ec2_backends[stack.account_id][stack.region_name].create_tags([made.physical_resource_id], tags)
        if made is not None and not made.is_created():
            raise Failed(f"{kind} waits for an answer of a function, and the embedded AWS runs none")
        self._reports.of(logical, kind, "CREATE_COMPLETE")

    def _change_other(self, logical: str, json: dict[str, Any]) -> None:
        stack = self._stack
        self._reports.of(logical, json["Type"], "UPDATE_IN_PROGRESS")
        changed = parse_and_update_resource(
            logical, json, stack.resource_map, account_id=stack.account_id, region_name=stack.region_name
        )
        if changed is None:
            raise Failed(f"the embedded CloudFormation cannot change a resource of type {json['Type']}")
        stack.resource_map._parsed_resources[logical] = changed
        self._reports.of(logical, json["Type"], "UPDATE_COMPLETE")

    def _make_eks(self, logical: str, kind: str, resolved: dict[str, Any]) -> Task | None:
        there = self._stack.resource_map._parsed_resources.get(logical)
        if there is None:
            return self._create(logical, self._wanted(logical, kind, resolved, self._name(logical)))
        was: Wanted = self._at.tried.get(logical, there.wanted)
        wanted = self._wanted(logical, kind, resolved, there.wanted.name)
        if was == wanted:
            return None
        if is_replaced(was, wanted):
            wanted = self._wanted(logical, kind, resolved, self._name(logical))
            if was.physical_id == wanted.physical_id:
                raise Failed(_NAMED_BY_TEMPLATE.format(name=wanted.physical_id))
            if there not in self._at.leftover:
                self._at.leftover.append(there)
            return self._create(logical, wanted)
        self._reports.eks(logical, wanted, "UPDATE_IN_PROGRESS")
        return Task(logical, self._at.token(logical), was, wanted, there.arn)

    def _wanted(self, logical: str, kind: str, resolved: dict[str, Any], name: str) -> Wanted:
        """Return what the template wants. `name`: what it is called if the template gives no name."""
        assert self._model is not None, "such a template is refused where there is no EKS"
        wanted = properties.wanted(kind, resolved.get("Properties") or {}, name, self._model)
        tags = self._stack.tags | wanted.members.get("tags", {})
        if tags:
            wanted.members["tags"] = tags
        return wanted

    def _name(self, logical: str) -> str:
        """Return a name that no other resource has, the same whenever this operation asks."""
        return f"{logical}-{uuid.uuid5(uuid.NAMESPACE_OID, self._at.id + logical).hex[:12].upper()}"

    def _create(self, logical: str, wanted: Wanted) -> Task:
        if logical not in self._at.begun:
            self._reports.eks(logical, wanted, "CREATE_IN_PROGRESS")
            self._at.begun[logical] = resources.made(logical, wanted, {})
        return Task(logical, self._at.token(logical), None, wanted)
