"""What keys the data of a ConfigMap or Secret may have. Called by the validation.

Source: Kubernetes, API reference, ConfigMap (data, binaryData).
"""

from __future__ import annotations

import re
from typing import Any

from nodeyard.world.kubernetes.errors import wrong

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_RULE = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"


def data_keys(obj: dict[str, Any]) -> list[dict[str, str]]:
    """Return what is wrong with the keys."""
    found = []
    for member in ("data", "binaryData"):
        for key in obj.get(member) or {}:
            if not _KEY.fullmatch(key) or key == "." or key.startswith(".."):
                found.append(wrong(f"{member}[{key}]", key, _RULE))
    return found
