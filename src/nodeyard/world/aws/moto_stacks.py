"""CloudFormation of the embedded AWS: what a template may hold.

On moto's thread only. Importing this imports moto's model of every service, so the first request does it.
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet, Stack
from moto.cloudformation.parsing import NULL_MODELS, get_model_map

_ELSEWHERE = ("AWS::EKS::", "AWS::AutoScaling::")
"""Services that Nodeyard serves itself. moto would make its own things, which no other call would find."""


def apply() -> None:
    """Let a template that cannot be made be refused before any of it is; again and again changes nothing."""
    Stack._parse_template = _parsed_stack
    ChangeSet._parse_template = _parsed_change_set


_parse_stack = Stack._parse_template
_parse_change_set = ChangeSet._parse_template


def _parsed_stack(self: Stack) -> None:
    _parse_stack(self)
    _see_types(self.template_dict)


def _parsed_change_set(self: ChangeSet) -> None:
    _parse_change_set(self)
    _see_types(self.template_dict)


def _see_types(template: dict[str, Any]) -> None:
    """Raise ValidationError, in CloudFormation's words, for types that moto passes over in silence."""
    types = {str(each.get("Type")) for each in (template.get("Resources") or {}).values()}
    known = {*get_model_map(), *NULL_MODELS}
    unknown = sorted(
        kind
        for kind in types
        if kind.startswith(_ELSEWHERE) or (kind not in known and not kind.startswith("Custom::"))
    )
    if not unknown:
        return
    why = "the embedded CloudFormation makes none of these"
    if any(kind.startswith(_ELSEWHERE) for kind in unknown):
        why += "; make clusters, node groups and Auto Scaling groups through their own APIs"
    raise ValidationError(
        message=f"Template format error: Unrecognized resource types: [{', '.join(unknown)}] ({why})"
    )
