"""Who may call, and what was done: access keys and the audit log, as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A caller's key. The secret is sealed, of a session token only the digest is kept."""

    id: str
    account: str
    user: str
    sealed_secret: str
    created_at: datetime
    active: bool = True
    expires_at: datetime | None = None
    token_digest: str | None = None
    """SHA-256 of the session token that every request must carry; None: none."""
    policies: dict[str, str] = field(default_factory=dict)
    """Name -> IAM JSON policy. None at all: the key may do nothing."""

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account}:user/{self.user}"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log. A call that acts has two: when it began, and how it ended."""

    at: datetime
    account: str
    region: str
    request_id: str
    caller: str
    """ARN of the caller."""
    access_key: str
    source: str
    """Address that the call came from."""
    action: str
    resources: tuple[str, ...]
    outcome: str
    """BEGUN, then the HTTP status and, for an error, its code."""
    message: str = ""
    sequence: int = 0
    """Given by the store."""


BEGUN = "BEGUN"


class Keyring(Protocol):
    """The access keys of callers. Raises: Unavailable."""

    async def access_key(self, id: str) -> AccessKey | None: ...

    async def access_keys(self) -> tuple[AccessKey, ...]:
        """Return all keys by id."""
        ...

    async def put_access_key(self, key: AccessKey) -> None:
        """Write a key whole, over what is there under its id."""
        ...

    async def remove_access_key(self, id: str) -> bool:
        """Return whether there was one."""
        ...


@dataclass(frozen=True, slots=True)
class UsedSignature:
    """What is kept of the signature of a call that acted, so that the same request does not act again."""

    digest: str
    """SHA-256 of the signature, in hexadecimal."""
    until: datetime
    """When it may be forgotten."""


class AuditLog(Protocol):
    """What was done: only ever added to. Raises: Unavailable."""

    async def add_audit(self, entry: AuditEntry) -> None: ...

    async def begin_audit(self, entry: AuditEntry, used: UsedSignature) -> datetime | None:
        """Write down that a call begins and that its signature is used.

        Return when it was used before, whichever process saw it, having written nothing; else None.
        """
        ...

    async def audit(self, *, after: int = 0, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Return entries with a sequence above `after`, oldest first."""
        ...

    async def last_audit(self) -> int:
        """Return the sequence of the newest entry, 0 when there is none."""
        ...
