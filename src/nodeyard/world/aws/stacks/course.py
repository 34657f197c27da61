"""One operation on one stack: what is done at once, what is waited for, what is undone when it fails.

On moto's thread only. A course looks at the stack again at every step and keeps all it must know with it,
so that it goes on where it was after a crash. Status names and their order are CloudFormation's.
"""

from __future__ import annotations

import uuid
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import Export

from nodeyard.wire.model import ServiceModel
from nodeyard.world.aws.stacks import resources, templates
from nodeyard.world.aws.stacks.kept import CREATE, DELETE, UPDATE, adopt, progress
from nodeyard.world.aws.stacks.making import Making
from nodeyard.world.aws.stacks.removing import Removing
from nodeyard.world.aws.stacks.reports import Reports, text
from nodeyard.world.aws.stacks.work import Failed, Task


class Course:
    """The operation that is going on. Ask `next` until it returns None, and tell how each task ended."""

    def __init__(self, backend: CloudFormationBackend, stack: Stack, model: ServiceModel | None) -> None:
        self._backend, self._stack = backend, stack
        self._at = progress(stack)
        self._making, self._removing = Making(stack, model), Removing(stack)
        self._reports = Reports(stack)

    def next(self) -> Task | None:
        """Do all that needs no waiting; return what does, None at the end."""
        while self._at.goal is not None:
            task = self._remove_all() if self._removes else self._make_all()
            if task is not None:
                return task
        return None

    def done(self, task: Task, found: dict[str, Any]) -> None:
        """Take note that a task came to its end. `found`: what is there now, empty when it is gone."""
        parsed = self._stack.resource_map._parsed_resources
        self._at.begun.pop(task.logical, None)
        self._at.tried.pop(task.logical, None)
        if task.wanted is None:
            assert task.was is not None
            self._reports.eks(task.logical, task.was, "DELETE_COMPLETE")
            self._removing.forget(task.logical, task.was.physical_id)
            return
        parsed[task.logical] = resources.made(task.logical, task.wanted, found)
        self._at.settled.add(task.logical)
        self._reports.eks(task.logical, task.wanted, "UPDATE_COMPLETE" if task.was else "CREATE_COMPLETE")

    def failed(self, task: Task, why: Failed) -> None:
        """Take note that a task failed, and turn back."""
        what = task.wanted or task.was
        assert what is not None
        verb = DELETE if task.wanted is None else UPDATE if task.was else CREATE
        self._reports.eks(task.logical, what, f"{verb}_FAILED", str(why))
        if verb == CREATE and why.nothing_was_done:
            self._at.begun.pop(task.logical, None)
        if verb == UPDATE and not why.nothing_was_done:
            assert task.wanted is not None
            self._at.tried[task.logical] = task.wanted
        if verb == DELETE and not self._removes:
            self._removing.forget(task.logical, what.physical_id)  # it would only have been tidied up
        else:
            self._turn(task.logical, str(why))

    # --- forwards ---

    @property
    def _removes(self) -> bool:
        return self._at.goal == DELETE or (self._at.goal == CREATE and self._at.back)

    def _make_all(self) -> Task | None:
        stack = self._stack
        stack.resource_map.tags.update(
            {"aws:cloudformation:stack-name": stack.name, "aws:cloudformation:stack-id": stack.stack_id}
        )
        for logical in templates.in_order(self._resources):
            if logical in self._at.settled or not self._is_wanted(logical):
                continue
            try:
                task = self._making.make(logical, self._resources[logical])
            except Exception as error:
                # Whatever moto raises for a resource is why the stack fails, as a handler's answer would be.
                self._reports.of(
                    logical, self._resources[logical]["Type"], f"{self._at.goal}_FAILED", text(error)
                )
                self._turn(logical, text(error))
                return None
            if task is not None:
                return task
            self._at.settled.add(logical)
        return self._clean_up()

    @property
    def _resources(self) -> dict[str, Any]:
        found: dict[str, Any] = self._stack.template_dict.get("Resources") or {}
        return found

    def _is_wanted(self, logical: str) -> bool:
        condition = self._resources.get(logical, {}).get("Condition")
        met: bool = condition is None or self._stack.resource_map.lazy_condition_map[condition]
        return met and logical in self._resources

    def _clean_up(self) -> Task | None:
        """Delete what the template has no more; then the stack is complete."""
        gone = [each for each in self._removing.there() if not self._is_wanted(each)]
        task = self._remove(gone)
        if task is not None:
            return task
        for replaced in self._at.leftover:
            return self._removing.delete(replaced)
        self._complete()
        return None

    def _complete(self) -> None:
        stack, verb = self._stack, self._at.goal
        try:
            stack.output_map = stack._create_output_map()
            exports = {each.name: each for each in stack.output_map.exports}
            for name, other in self._backend.exports.items():
                if name in exports and other.exporting_stack_id != stack.stack_id:
                    raise Failed(
                        f"Export with name {name} is already exported by stack {other.exporting_stack_id}"
                    )
        except Exception as error:
            self._turn("the outputs", text(error))
            return
        self._export(exports)
        self._reports.end(f"{verb}_ROLLBACK_COMPLETE" if self._at.back else f"{verb}_COMPLETE")

    def _export(self, exports: dict[str, Export]) -> None:
        """Have a stack export just these. Others hold on to the dictionary, so it stays the same one."""
        held = self._backend.exports
        for name in [n for n, each in held.items() if each.exporting_stack_id == self._stack.stack_id]:
            del held[name]
        held.update(exports)

    # --- backwards and away ---

    def _turn(self, logical: str, why: str) -> None:
        """Undo an operation that failed; one that was already undoing something ends here."""
        stack, at = self._stack, self._at
        reason = f"The following resource(s) failed: [{logical}]: {why}"
        if at.goal == DELETE:
            self._reports.end("DELETE_FAILED", reason)
        elif at.back:
            self._reports.end("ROLLBACK_FAILED" if at.goal == CREATE else "UPDATE_ROLLBACK_FAILED", reason)
        elif at.goal == CREATE and stack.disable_rollback:
            self._reports.end("CREATE_FAILED", reason)
        else:
            at.back, at.settled = True, set()
            at.id = str(uuid.uuid5(uuid.NAMESPACE_OID, at.id))
            if at.goal == UPDATE:
                assert at.before is not None
                adopt(stack, at.before.template, at.before.parameters, at.before.tags)
                self._put_back()
            self._reports.status(
                "ROLLBACK_IN_PROGRESS" if at.goal == CREATE else "UPDATE_ROLLBACK_IN_PROGRESS", reason
            )

    def _put_back(self) -> None:
        """Have the resources that were replaced in their places again, and the new ones deleted later."""
        parsed, replaced = self._stack.resource_map._parsed_resources, self._at.leftover
        self._at.leftover = []
        for old in replaced:
            new = parsed.get(old.logical_resource_id)
            if new is not None and new is not old:
                self._at.leftover.append(new)
            parsed[old.logical_resource_id] = old
        for logical in [each for each in self._at.begun if each in parsed]:
            self._at.leftover.append(self._at.begun.pop(logical))

    def _remove_all(self) -> Task | None:
        task = self._remove(self._removing.there())
        if task is not None or self._at.goal is None:
            return task
        if self._at.goal == DELETE:
            self._reports.end("DELETE_COMPLETE")
            self._export({})
            self._backend.stacks.pop(self._stack.stack_id, None)
            for id in [id for id, each in self._backend.change_sets.items() if each.stack is self._stack]:
                del self._backend.change_sets[id]
            self._backend.deleted_stacks[self._stack.stack_id] = self._stack
        else:
            self._reports.end("ROLLBACK_COMPLETE")
        return None

    def _remove(self, ids: list[str]) -> Task | None:
        answer = self._removing.remove(ids)
        if isinstance(answer, Task):
            return answer
        if answer:
            self._cannot_remove(answer)
        return None

    def _cannot_remove(self, left: dict[str, str]) -> None:
        """End a deletion that cannot go on. What an update would only have tidied up is left where it is."""
        if self._removes:
            logical, why = next(iter(left.items()))
            self._turn(logical, why)
            return
        for logical, why in left.items():
            thing = self._stack.resource_map._parsed_resources[logical]
            self._reports.of(logical, thing.cf_resource_type, "DELETE_FAILED", why)
            self._removing.forget(logical, resources.physical_id(thing))
