"""The EKS API as a client has it: what stacks of the embedded CloudFormation make, they ask for here."""

from __future__ import annotations

import re
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock

_CAPITALS = re.compile(r"(?<!^)(?=[A-Z])")


class EksClient:
    """Calls operations of EKS by their names."""

    def __init__(self, settings: AwsSettings, clock: Clock) -> None:
        self._calls = Calls(settings, clock)

    async def call(
        self, scope: Scope, operation: str, members: dict[str, Any]
    ) -> dict[str, Any] | tuple[str, str]:
        """Return the answer, or (code, message) of a refusal. Raises: PortError when none came.

        What botocore refuses to send is refused as the API would: asking again would not help.
        """

        def work() -> dict[str, Any] | tuple[str, str]:
            from botocore.exceptions import ClientError, ParamValidationError

            ask = getattr(self._calls.client(scope, "eks"), _CAPITALS.sub("_", operation).lower())
            try:
                answer: dict[str, Any] = ask(**members)
            except ParamValidationError as error:
                return "InvalidParameterException", str(error)
            except ClientError as error:
                refusal = error.response["Error"]
                if error.response["ResponseMetadata"].get("HTTPStatusCode", 500) >= 500:
                    raise
                return str(refusal["Code"]), str(refusal["Message"])
            return answer

        return await self._calls.run(operation, work)

    def close(self) -> None:
        self._calls.close()
