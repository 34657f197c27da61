"""What every object of a snapshot must look like, as far as a rehearsal relies on it. Pure.

An API server never gives anything else; a file that somebody edited, or that was damaged, may.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Named(msgspec.Struct, rename="camel"):
    name: str


class _Owner(_Named):
    kind: str
    uid: str


class _Metadata(_Named, rename="camel"):
    uid: str
    namespace: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[_Owner] = []


class _PodSpec(msgspec.Struct, rename="camel"):
    containers: list[_Named] = []
    init_containers: list[_Named] = []
    node_name: str = ""
    termination_grace_period_seconds: int = 0


class _Labelled(msgspec.Struct):
    labels: dict[str, str] = {}


class _Template(msgspec.Struct):
    metadata: _Labelled = msgspec.field(default_factory=_Labelled)
    spec: _PodSpec = msgspec.field(default_factory=_PodSpec)


class _Spec(_PodSpec, rename="camel"):
    template: _Template = msgspec.field(default_factory=_Template)


class _Shape(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


def misshapen(obj: dict[str, Any]) -> str:
    """Return what is wrong with an object that a snapshot keeps, "" when nothing is."""
    try:
        msgspec.convert(obj, type=_Shape)
    except msgspec.ValidationError as fault:
        return str(fault)
    return ""
