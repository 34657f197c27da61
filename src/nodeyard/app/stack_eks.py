"""What stacks of the embedded CloudFormation hold of EKS goes through the API of this very service."""

from __future__ import annotations

from typing import Any

from nodeyard.api import service_model
from nodeyard.drivers.aws.eks import EksClient
from nodeyard.model.scope import Scope
from nodeyard.wire.model import ServiceModel
from nodeyard.world.aws.stacks import EksRefused


class StackEks:
    """The API as stacks want it: `world.aws.stacks.Eks`."""

    def __init__(self, client: EksClient) -> None:
        self._client = client

    @property
    def model(self) -> ServiceModel:
        return service_model.eks()

    async def call(self, scope: Scope, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Call one operation. Raises: EksRefused, and PortError when no answer came."""
        answer = await self._client.call(scope, operation, members)
        if isinstance(answer, tuple):
            raise EksRefused(*answer)
        return answer
