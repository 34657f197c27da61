"""moto's CloudFormation, made to begin operations on stacks instead of carrying them out at once.

On moto's thread only. Importing this imports moto's model of every service, so the first request does it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.parsing import NULL_MODELS, get_model_map
from moto.cloudformation.utils import generate_stack_id
from moto.utilities.utils import get_partition

from nodeyard.world.aws.stacks import change_sets, moto_networks, moto_roles, resources, templates
from nodeyard.world.aws.stacks.kept import COMPLETE, CREATE, DELETE, UPDATE, Before, adopt, progress
from nodeyard.world.aws.stacks.properties import KINDS

HAS_EKS: ContextVar[bool] = ContextVar("HAS_EKS", default=False)
"""Whether the request that is answered may name clusters and node groups."""

_ELSEWHERE = ("AWS::EKS::", "AWS::AutoScaling::")
"""Services that Nodeyard serves itself. moto would make its own things, which no other call would find."""

_parse_stack = Stack._parse_template
_parse_change_set = ChangeSet._parse_template
_create_resource_map = Stack._create_resource_map
_describe_outputs = Stack.outputs.fget


def apply() -> None:
    """Put ours in the place of moto's; again and again changes nothing."""
    if Stack._parse_template is _parsed_stack:
        return
    for each in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        each.cache_clear()  # it may have been asked before our resources were there
    assert set(KINDS) <= set(get_model_map()), resources.__name__
    Stack._parse_template = _parsed_stack
    ChangeSet._parse_template = _parsed_change_set
    Stack._create_resource_map = _resource_map
    moto_roles.apply()
    moto_networks.apply()
    change_sets.apply()
    Stack.outputs = property(_outputs)
    Stack.stack_resources = property(_resources)
    CloudFormationBackend.create_stack = _create_stack
    CloudFormationBackend.update_stack = _update_stack
    CloudFormationBackend.execute_change_set = _execute_change_set
    CloudFormationBackend.delete_stack = _delete_stack


def going_on(backend: CloudFormationBackend) -> list[str]:
    """Return the ids of the stacks of which an operation is not over."""
    return [stack.stack_id for stack in backend.stacks.values() if progress(stack).goal is not None]


def _create_stack(
    self: CloudFormationBackend, name: str, template: str, parameters: Any, **more: Any
) -> Stack:
    if name in [stack.name for stack in self.stacks.values()]:
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    made = {"notification_arns", "tags", "role_arn", "enable_termination_protection"}
    made |= {"timeout_in_mins", "stack_policy_body"}
    stack = Stack(
        stack_id=generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=self.account_id,
        region_name=self.region_name,
        cross_stack_resources=self.exports,
        **{key: value for key, value in more.items() if key in made},
    )
    self.stacks[stack.stack_id] = stack
    _begin(stack, CREATE)
    return stack


def _update_stack(
    self: CloudFormationBackend, name: str, template: str, role_arn: Any, parameters: Any, tags: Any
) -> Stack:
    stack: Stack = self.get_stack(name)
    resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
    stack.role_arn = role_arn
    _change(stack, template, resolved, tags)
    return stack


def _execute_change_set(
    self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
) -> None:
    found = change_sets.named(self, change_set_name, stack_name)
    stack = self.stacks[found.stack_id]
    if found.change_set_type == CREATE:
        adopt(stack, found.template, found.parameters, found.tags or {})
        stack.cross_stack_resources = stack.resource_map.cross_stack_resources = self.exports
        _begin(stack, CREATE)
    else:
        _change(stack, found.template, found.parameters, found.tags)
    found.execution_status = "EXECUTE_COMPLETE"


def _delete_stack(self: CloudFormationBackend, name_or_stack_id: str) -> None:
    for stack in self.stacks.values():
        if name_or_stack_id in (stack.name, stack.stack_id):
            if stack.enable_termination_protection:
                why = "Stack [{}] cannot be deleted while TerminationProtection is enabled"
                raise ValidationError(message=why.format(stack.name))
            if progress(stack).goal != DELETE:
                _begin(stack, DELETE)
            return


def _change(stack: Stack, template: Any, parameters: dict[str, Any], tags: dict[str, str] | None) -> None:
    if stack.status not in COMPLETE:
        why = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
        raise ValidationError(stack.stack_id, message=why)
    at = progress(stack)
    at.before = Before(stack.template, stack.parameters, stack.tags)
    try:
        adopt(stack, template, parameters, stack.tags if tags is None else tags)
    except Exception:
        adopt(stack, at.before.template, at.before.parameters, at.before.tags)
        raise
    _begin(stack, UPDATE)


def _begin(stack: Stack, goal: str) -> None:
    progress(stack).begin(goal)
    stack.status, stack.status_reason = f"{goal}_IN_PROGRESS", None
    stack._add_stack_event(stack.status, resource_status_reason="User Initiated")


def _resource_map(self: Stack) -> Any:
    """Return moto's, with the partition of the Region; moto knows only one."""
    found = _create_resource_map(self)
    partition = get_partition(self.region_name)
    found._parsed_resources["AWS::Partition"] = partition
    found._parsed_resources["AWS::URLSuffix"] = "amazonaws.com" + (".cn" if partition == "aws-cn" else "")
    return found


def _outputs(self: Stack) -> Any:
    """Return the outputs; while resources are still to be made there are none."""
    return _describe_outputs(self) if self.status in COMPLETE else None


def _resources(self: Stack) -> list[Any]:
    """Return what is there, where moto would make what is not."""
    return [
        each for each in self.resource_map._parsed_resources.values() if hasattr(each, "cf_resource_type")
    ]


def _parsed_stack(self: Stack) -> None:
    _parse_stack(self)
    _see_types(self.template_dict)


def _parsed_change_set(self: ChangeSet) -> None:
    _parse_change_set(self)
    _see_types(self.template_dict)


def _see_types(template: dict[str, Any]) -> None:
    """Raise ValidationError, in CloudFormation's words, for types that moto passes over in silence."""
    found = template.get("Resources") or {}
    types = {str(each.get("Type")) for each in found.values()}
    known = {*get_model_map(), *NULL_MODELS}
    ours = KINDS if HAS_EKS.get() else ()
    unknown = sorted(
        kind
        for kind in types
        if (kind.startswith(_ELSEWHERE) and kind not in ours)
        or (kind not in known and not kind.startswith("Custom::"))
    )
    if unknown:
        why = "the embedded CloudFormation makes none of these"
        if any(kind.startswith(_ELSEWHERE) for kind in unknown):
            why += "; make them through their own APIs"
        message = f"Template format error: Unrecognized resource types: [{', '.join(unknown)}] ({why})"
        raise ValidationError(message=message)
    try:
        templates.in_order(found)
    except templates.CircularError as error:
        message = f"Circular dependency between resources: [{', '.join(error.args[0])}]"
        raise ValidationError(message=message) from None
