"""Who calls: the scope and the access key that the signature names, and where the call came from."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.api.authentication import Principal
from nodeyard.model.scope import Scope
from nodeyard.wire.sigv4 import Signed


@dataclass(frozen=True, slots=True)
class Caller:
    """`principal` None: nobody is verified here."""

    scope: Scope
    access_key: str
    request_id: str
    principal: Principal | None = None
    source: str = ""
    """Address of the other end of the connection."""
    agent: str = ""
    secure: bool = False
    """Whether the connection is encrypted up to this process."""
    signed: Signed | None = None
    """What the request was signed with; verified where there is a principal."""
