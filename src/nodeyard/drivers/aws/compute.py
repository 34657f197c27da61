"""`ports.Compute` on AWS. `app` makes one per process and closes it at the end."""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.capacity_blocks import CapacityBlocks
from nodeyard.drivers.aws.describing import Describing
from nodeyard.drivers.aws.groups import Groups
from nodeyard.drivers.aws.iam import Identities
from nodeyard.drivers.aws.identity import Tokens
from nodeyard.drivers.aws.inspection import Inspection
from nodeyard.drivers.aws.network import Network
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.drivers.aws.templates import Templates
from nodeyard.drivers.aws.zonal_shifts import ZonalShifts
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock


class AwsCompute(Inspection, Network, Identities, Templates, Groups, CapacityBlocks, ZonalShifts, Tokens):
    """The areas of AWS that node groups need, behind one pool of threads.

    Making one costs nothing: boto3 comes in with the first call.
    """

    def __init__(self, settings: AwsSettings, clock: Clock) -> None:
        self._clock = clock
        self._calls = Calls(settings, clock)
        self._describing = Describing(self._calls, clock)

    @property
    def calls(self) -> Calls:
        """The pool, for what else asks AWS."""
        return self._calls

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        """Do nothing: what is missing in a real account is its owner's to make."""

    def close(self) -> None:
        self._calls.close()
