"""Who calls: the scope and the access key that the signature names."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    scope: Scope
    access_key: str
    request_id: str
