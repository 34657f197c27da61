"""What keys a ConfigMap or Secret may have, and what a PriorityClass is called. Called by the validation.

Source: Kubernetes, API reference, ConfigMap (data, binaryData).
"""

from __future__ import annotations

import re
from typing import Any

from nodeyard.world.kubernetes.errors import cause, wrong

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_SYSTEM_PRIORITIES = frozenset({"system-cluster-critical", "system-node-critical"})
_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"


def data_keys(obj: dict[str, Any]) -> list[dict[str, str]]:
    """Return what is wrong with the keys."""
    found = []
    for member in ("data", "binaryData"):
        for key in obj.get(member) or {}:
            if not _KEY.fullmatch(key) or key == "." or key.startswith(".."):
                found.append(wrong(f"{member}[{key}]", key, _RULE))
    return found


def priority_class(obj: dict[str, Any]) -> list[dict[str, str]]:
    """Return the cause for a name that only the system may give."""
    name = obj.get("metadata", {}).get("name", "")
    if not name.startswith("system-") or name in _SYSTEM_PRIORITIES:
        return []
    text = (
        "Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
        f"{name} is not a known system priority class"
    )
    return [cause("metadata.name", text, "FieldValueForbidden")]
