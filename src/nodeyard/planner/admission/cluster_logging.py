"""Which control plane logs a cluster has: what a request changes of them. Nothing is sent anywhere.

Source: EKS API reference, Logging and LogSetup.
"""

from __future__ import annotations

from typing import Any

TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _enabled(logging: dict[str, Any] | None, before: set[str]) -> set[str]:
    found = set(before)
    for setup in (logging or {}).get("clusterLogging") or ():
        types = set(setup.get("types") or ())
        found = found | types if setup.get("enabled") else found - types
    return found


def after(current: dict[str, Any] | None, asked: dict[str, Any] | None) -> dict[str, Any]:
    """Return the whole setting after a request: every type is listed, enabled or not."""
    enabled = _enabled(asked, _enabled(current, set()))
    listed = (
        {"types": [each for each in TYPES if each in enabled], "enabled": True},
        {"types": [each for each in TYPES if each not in enabled], "enabled": False},
    )
    return {"clusterLogging": [setup for setup in listed if setup["types"]]}
