"""Resources of a stack deleted. On moto's thread only."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.models import Stack

from nodeyard.world.aws.stacks import resources, templates
from nodeyard.world.aws.stacks.kept import progress
from nodeyard.world.aws.stacks.reports import Reports, text
from nodeyard.world.aws.stacks.work import Task


class Removing:
    """Deletes what needs no waiting; says what does."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._at = progress(stack)
        self._reports = Reports(stack)

    @property
    def _in_template(self) -> dict[str, Any]:
        found: dict[str, Any] = self._stack.template_dict.get("Resources") or {}
        return found

    def there(self) -> list[str]:
        """Return the logical ids of what is there or may be, in the order in which to delete it."""
        parsed, begun = self._stack.resource_map._parsed_resources, self._at.begun
        known = [*reversed(templates.in_order(self._in_template))]
        gone = [each for each in (*begun, *reversed(parsed)) if each not in known]
        there = (each for each in dict.fromkeys((*gone, *known)))
        return [each for each in there if each in begun or hasattr(parsed.get(each), "cf_resource_type")]

    def remove(self, ids: list[str]) -> Task | dict[str, str]:
        """Delete resources, in passes as long as each deletes something: some wait for others.

        Returns a task that needs waiting, else why those that are left cannot be deleted.
        """
        while ids:
            left: dict[str, str] = {}
            for logical in ids:
                thing = self._at.begun.get(logical) or self._stack.resource_map._parsed_resources[logical]
                if self._in_template.get(logical, {}).get("DeletionPolicy") == "Retain":
                    self.forget(logical, resources.physical_id(thing))
                elif isinstance(thing, resources.EksCluster | resources.EksNodegroup):
                    return self.delete(thing)
                elif (why := self._delete_other(logical, thing)) is not None:
                    left[logical] = why
            if len(left) == len(ids):
                return left
            ids = [*left]
        return {}

    def _delete_other(self, logical: str, thing: Any) -> str | None:
        """Delete what moto has made; return why not."""
        json = self._at.made.get(logical, {"Type": thing.cf_resource_type, "Properties": {}})
        self._reports.of(logical, thing.cf_resource_type, "DELETE_IN_PROGRESS")
        try:
            self._stack.resource_map._delete_resource(thing, json)
        except Exception as error:
            return text(error)  # whatever moto says of it
        self._reports.of(logical, thing.cf_resource_type, "DELETE_COMPLETE")
        self.forget(logical, resources.physical_id(thing))
        return None

    def delete(self, thing: Any) -> Task:
        logical = thing.logical_resource_id
        self._reports.eks(logical, thing.wanted, "DELETE_IN_PROGRESS")
        return Task(logical, self._at.token(logical), thing.wanted, None, thing.arn)

    def forget(self, logical: str, id: str) -> None:
        """Take note that a resource is gone. `id` is its physical id: another may be there by its name."""
        parsed, at = self._stack.resource_map._parsed_resources, self._at
        at.leftover = [each for each in at.leftover if resources.physical_id(each) != id]
        at.begun.pop(logical, None)
        there = parsed.get(logical)
        if there is not None and resources.physical_id(there) == id:
            del parsed[logical]
            at.made.pop(logical, None)
