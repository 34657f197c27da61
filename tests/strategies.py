"""Hypothesis strategies made from the EKS service model: valid parameters for any shape."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from nodeyard.api import service_model
from nodeyard.wire.model import Member, Shape

MODEL = service_model.eks()
_DEPTH_MAX = 4
_TEXT = st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs",))
_LABEL = st.text(alphabet=st.sampled_from("abcXYZ019-_.:/ %+é"), min_size=1, max_size=12).filter(
    lambda text: text not in (".", "..")
)
_INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


def _bounded(shape: Shape, default: int = 3) -> tuple[int, int]:
    low = int(shape.minimum or 0)
    high = max(low, min(int(shape.maximum), low + default) if shape.maximum is not None else low + default)
    return low, high


def _text(shape: Shape) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    if shape.pattern is not None:
        anchored = f"(?:{shape.pattern})".replace("^", "").replace("$", "")
        return st.from_regex(anchored, fullmatch=True).filter(
            lambda text: shape.maximum is None or len(text) <= shape.maximum
        )
    low, high = _bounded(shape, 20)
    return st.text(alphabet=_TEXT, min_size=low, max_size=high)


def _number(shape: Shape) -> st.SearchStrategy[Any]:
    low = int(shape.minimum) if shape.minimum is not None else -1000
    high = int(shape.maximum) if shape.maximum is not None else max(low, 0) + 1000
    if shape.type in ("float", "double"):
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    return st.integers(low, high)


def values(name: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Return a strategy of valid values of a shape."""
    shape = MODEL.shapes[name]
    if shape.type == "structure":
        return structures(shape, depth)
    if shape.type == "list":
        assert shape.element is not None
        low, high = _bounded(shape)
        return st.lists(values(shape.element.shape, depth + 1), min_size=low, max_size=high)
    if shape.type == "map":
        assert shape.key is not None and shape.value is not None
        low, high = _bounded(shape)
        keys = values(shape.key.shape, depth + 1).filter(bool)
        return st.dictionaries(keys, values(shape.value.shape, depth + 1), min_size=low, max_size=high)
    if shape.type == "string":
        return _text(shape)
    if shape.type == "boolean":
        return st.booleans()
    if shape.type == "timestamp":
        return _INSTANTS
    if shape.type == "blob":
        return st.binary(max_size=20)
    return _number(shape)


def _member(member: Member, depth: int) -> st.SearchStrategy[Any]:
    shape = MODEL.shapes[member.shape]
    if member.location == "uri" and shape.pattern is None and not shape.enum:
        return _LABEL
    return values(member.shape, depth + 1)


def structures(shape: Shape, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: _member(shape.members[name], depth) for name in shape.required}
    optional = {
        name: _member(member, depth)
        for name, member in shape.members.items()
        if name not in required and depth < _DEPTH_MAX
    }
    return st.fixed_dictionaries(required, optional=optional)


def params_for(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of valid parameters of an operation."""
    name = MODEL.operations[operation].input
    return st.just({}) if name is None else structures(MODEL.shapes[name])


def answers_of(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of valid answers of an operation."""
    name = MODEL.operations[operation].output
    return st.just({}) if name is None else structures(MODEL.shapes[name])
