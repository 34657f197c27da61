"""Change sets by name and stack: moto looks at the name alone, and every stack may have one by it.

On moto's thread only.
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]
    code = "ChangeSetNotFound"


def apply() -> None:
    """Put ours in the place of moto's, once."""
    CloudFormationResponse.describe_change_set = _describe
    CloudFormationResponse.delete_change_set = _delete
    CloudFormationResponse.list_change_sets = _list
    CloudFormationResponse._validate_different_update = _see_difference
    Stack.has_parameters = _has_parameters


def named(backend: CloudFormationBackend, name: str, stack: str | None) -> ChangeSet:
    """Return the change set of a stack, by its name or id. Raises: ChangeSetNotFound.

    The newest of a name: eksctl names its own by the second, and here two updates fit into one.
    """
    for id, each in reversed(backend.change_sets.items()):
        if name == id or (name == each.change_set_name and stack in (None, each.stack_name, each.stack_id)):
            return each
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")


_describe_change_set = CloudFormationResponse.describe_change_set
_delete_change_set = CloudFormationResponse.delete_change_set


_validate_different_update = CloudFormationResponse._validate_different_update


def _see_difference(self: Any, parameters: Any, body: Any, stack: Any) -> None:
    """Refuse an update that changes nothing. A change set that holds none is made, and FAILED."""
    if self._get_param("ChangeSetName") is None:
        _validate_different_update(self, parameters, body, stack)


def _has_parameters(self: Stack, other: dict[str, Any]) -> bool:
    """Tell whether parameters are those of the stack; numbers are kept as such and come as text."""
    now = {name: str(value) for name, value in self.stack_parameters.items()}
    return now == now | {name: str(value) for name, value in other.items()}


def _describe(self: Any) -> Any:
    return _describe_change_set(_for_one(self))


def _delete(self: Any) -> Any:
    try:
        return _delete_change_set(_for_one(self))
    except ChangeSetNotFound:
        return EmptyResult()  # gone already


def _for_one(self: Any) -> Any:
    """Return a request that names its change set by id."""
    found = named(self.cloudformation_backend, self._get_param("ChangeSetName"), self._get_param("StackName"))
    self.params["ChangeSetName"] = found.change_set_id
    return self


def _list(self: Any) -> Any:
    stack = self._get_param("StackName")
    every = self.cloudformation_backend.change_sets.values()
    return ActionResult({"Summaries": [each for each in every if stack in (each.stack_name, each.stack_id)]})
