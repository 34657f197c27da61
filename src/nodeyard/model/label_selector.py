"""A LabelSelector as objects carry it. Pure; asked by the drain's diagnosis and by embedded clusters.

Source: Kubernetes API reference, LabelSelector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Tell whether labels satisfy a selector; None takes nothing, {} takes everything."""
    if selector is None:
        return False
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for item in selector.get("matchExpressions") or ():
        key, verb, values = item["key"], item["operator"], item.get("values") or ()
        held = {
            "In": key in labels and labels[key] in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held.get(verb, False):
            return False
    return True
