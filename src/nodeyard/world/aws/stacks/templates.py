"""In which order a template's resources are made. Pure.

Source: CloudFormation user guide, DependsOn: what `Ref`, `Fn::GetAtt` and `Fn::Sub` name comes first as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

_NAMED_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}")


class CircularError(Exception):
    """Resources that wait for each other. `args[0]`: their logical ids."""


def in_order(resources: Mapping[str, Any]) -> list[str]:
    """Return the logical ids, each after all that it refers to. Raises: CircularError."""
    before = {
        name: sorted({each for each in _named(json) if each in resources and each != name})
        for name, json in resources.items()
    }
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise CircularError(sorted(set(error.args[1]))) from None


def _named(json: Any) -> Iterator[str]:
    """Yield every name that a piece of a template refers to, pseudo parameters and parameters among them."""
    if isinstance(json, list):
        for each in json:
            yield from _named(each)
    if not isinstance(json, Mapping):
        return
    for key, value in json.items():
        match key, value:
            case "Ref", str():
                yield value
            case "Fn::GetAtt", [str() as name, *_]:
                yield name
            case "Fn::GetAtt", str():
                yield value.partition(".")[0]
            case "Fn::Sub", [str() as text, values]:
                yield from _NAMED_IN_TEXT.findall(text)
                yield from _named(values)
            case "Fn::Sub", str():
                yield from _NAMED_IN_TEXT.findall(value)
            case "DependsOn", str():
                yield value
            case "DependsOn", list():
                yield from value
            case _:
                yield from _named(value)
