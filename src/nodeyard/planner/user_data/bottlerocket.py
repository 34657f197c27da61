"""Bottlerocket: TOML settings, and the caller's win. Source: Bottlerocket, settings.kubernetes."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from nodeyard.planner.user_data.join import Join, cluster_dns


def render(join: Join, own: str) -> str:
    """Return one TOML document. Raises: ValueError when the caller's is not TOML."""
    taints: dict[str, list[str]] = {}
    for taint in join.taints:
        key, _, rest = taint.partition("=")
        taints.setdefault(key, []).append(rest)
    kubernetes: dict[str, Any] = {
        "api-server": join.endpoint,
        "cluster-certificate": join.ca_data,
        "cluster-name": join.cluster,
        "cluster-dns-ip": cluster_dns(join.service_cidr),
        "max-pods": join.max_pods,
        "node-labels": dict(sorted(join.labels.items())),
    }
    if taints:
        kubernetes["node-taints"] = taints
    return _toml(_merged({"settings": {"kubernetes": kubernetes}}, tomllib.loads(own)))


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        known = merged.get(key)
        both = isinstance(known, dict) and isinstance(value, dict)
        merged[key] = _merged(known or {}, value) if both else value
    return merged


def _toml(table: dict[str, Any], path: tuple[str, ...] = ()) -> str:
    # JSON strings, numbers, booleans and lists are TOML as they stand.
    plain = [f"{json.dumps(k)} = {json.dumps(v)}" for k, v in table.items() if not isinstance(v, dict)]
    text = ""
    if plain:
        head = f"[{'.'.join(json.dumps(each) for each in path)}]\n" if path else ""
        text = head + "\n".join(plain) + "\n"
    for key, value in table.items():
        if isinstance(value, dict):
            text += _toml(value, (*path, key))
    return text
