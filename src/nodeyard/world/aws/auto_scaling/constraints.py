"""What the service model demands of parameters, with the sentences AWS uses. Pure; called by `query`."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling.errors import invalid


def check(shape: Any, parameters: dict[str, Any]) -> None:
    """Refuse what the model forbids: missing members, unknown enum values, bounds. Raises: Refused."""
    found: list[str] = []
    _structure(shape, parameters, "", found)
    if found:
        plural = "s" if len(found) > 1 else ""
        invalid(f"{len(found)} validation error{plural} detected: " + "; ".join(found))


def _structure(shape: Any, value: dict[str, Any], path: str, found: list[str]) -> None:
    for name in shape.required_members:
        if value.get(name) is None:
            found.append(_fails("null", _join(path, name), "Member must not be null"))
    for name, member in value.items():
        _value(shape.members[name], member, _join(path, name), found)


def _value(shape: Any, value: Any, path: str, found: list[str]) -> None:
    kind = shape.type_name
    if kind == "structure":
        _structure(shape, value, path, found)
    elif kind == "list":
        _size(shape, len(value), value, path, found)
        for number, one in enumerate(value, 1):
            _value(shape.member, one, f"{path}.{number}.member", found)
    elif kind == "string":
        if shape.enum and value not in shape.enum:
            choices = ", ".join(shape.enum)
            found.append(_fails(f"'{value}'", path, f"Member must satisfy enum value set: [{choices}]"))
        _size(shape, len(value), value, path, found)
    elif kind in ("integer", "long", "float", "double"):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and value < low:
            found.append(_fails(f"'{value}'", path, f"Member must have value greater than or equal to {low}"))
        if high is not None and value > high:
            found.append(_fails(f"'{value}'", path, f"Member must have value less than or equal to {high}"))


def _size(shape: Any, size: int, value: Any, path: str, found: list[str]) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        found.append(_fails(f"'{value}'", path, f"Member must have length greater than or equal to {low}"))
    if high is not None and size > high:
        found.append(_fails(f"'{value}'", path, f"Member must have length less than or equal to {high}"))


def _fails(value: str, path: str, rule: str) -> str:
    return f"Value {value} at '{path}' failed to satisfy constraint: {rule}"


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member
