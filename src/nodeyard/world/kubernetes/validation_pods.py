"""What is wrong with the spec of a pod, alone or in a template.

Called by `validation`. Pure.
"""

from __future__ import annotations

import re
from typing import Any

from nodeyard.world.kubernetes.errors import cause, required, wrong
from nodeyard.world.kubernetes.quantities import quantity

Obj = dict[str, Any]
Causes = list[dict[str, str]]

LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an alphanumeric character (e.g. 'my-name', or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_RESTARTS = ("Always", "OnFailure", "Never")


def pod_spec(spec: Obj, field: str, *, claims: bool = False) -> Causes:
    """Return what is wrong with a pod; with `claims` more volumes come than are named in it."""
    causes: Causes = []
    containers = spec.get("containers") or []
    if not containers:
        causes.append(required(f"{field}.containers"))
    seen: set[str] = set()
    for number, container in enumerate(containers):
        place = f"{field}.containers[{number}]"
        name = container.get("name", "")
        if not name:
            causes.append(required(f"{place}.name"))
        elif not LABEL.match(name):
            causes.append(wrong(f"{place}.name", name, LABEL_RULE))
        elif name in seen:
            causes.append(cause(f"{place}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate"))
        seen.add(name)
        if not container.get("image"):
            causes.append(required(f"{place}.image"))
        for at, port in enumerate(container.get("ports") or ()):
            here, number = f"{place}.ports[{at}].containerPort", port.get("containerPort")
            causes += out_of_range(number, here) if number else [required(here)]
        for bound in ("requests", "limits"):
            amounts = ((container.get("resources") or {}).get(bound) or {}).items()
            causes += [
                wrong(f"{place}.resources.{bound}[{key}]", value, "must be a quantity such as 250m or 64Mi")
                for key, value in amounts
                if not _is_quantity(value)
            ]
        causes += _over_limit(container.get("resources") or {}, f"{place}.resources.requests")
        if claims:
            continue
        volumes = {each.get("name") for each in spec.get("volumes") or ()}
        for at, mount in enumerate(container.get("volumeMounts") or ()):
            if mount.get("name") not in volumes:
                text = f'Not found: "{mount.get("name", "")}"'
                causes.append(cause(f"{place}.volumeMounts[{at}].name", text, "FieldValueNotFound"))
    if spec.get("restartPolicy", "Always") not in _RESTARTS:
        causes.append(unsupported(f"{field}.restartPolicy", spec["restartPolicy"], _RESTARTS))
    return causes


def out_of_range(port: int, field: str) -> Causes:
    """Return the cause for a number that no port has."""
    if 0 < port < 65_536:
        return []
    return [wrong(field, port, "must be between 1 and 65535, inclusive")]


def _over_limit(amounts: Obj, field: str) -> Causes:
    limits = amounts.get("limits") or {}
    return [
        wrong(field, str(value), f"must be less than or equal to {key} limit of {limits[key]}")
        for key, value in (amounts.get("requests") or {}).items()
        if key in limits
        and _is_quantity(value)
        and _is_quantity(limits[key])
        and quantity(value) > quantity(limits[key])
    ]


def unsupported(field: str, value: Any, among: tuple[str, ...]) -> dict[str, str]:
    """Return the cause that says which values a field may have."""
    text = f'Unsupported value: "{value}": supported values: ' + ", ".join(f'"{each}"' for each in among)
    return cause(field, text, "FieldValueNotSupported")


def _is_quantity(value: Any) -> bool:
    try:
        return quantity(value) >= 0
    except ValueError:
        return False
