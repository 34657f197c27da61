"""What stacks ask of the EKS API, and how it refuses."""

from __future__ import annotations

from typing import Any, Protocol

from nodeyard.model.scope import Scope
from nodeyard.wire.model import ServiceModel


class EksRefused(Exception):
    """The API's answer when it does not do what was asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Eks(Protocol):
    """The EKS API of the service, as clients have it."""

    @property
    def model(self) -> ServiceModel: ...

    async def call(self, scope: Scope, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Call one operation, such as CreateNodegroup. Raises: EksRefused."""
        ...
