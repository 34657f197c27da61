"""One place a test: an account in memory, or one of the embedded AWS through boto3."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.contract.compute.places import Place, ServedAws, in_memory


@pytest.fixture(scope="session")
def served_aws() -> Iterator[ServedAws]:
    made = ServedAws()
    yield made
    made.close()


@pytest.fixture(params=["memory", "aws"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "memory":
        async with in_memory() as made:
            yield made
    else:
        served: ServedAws = request.getfixturevalue("served_aws")
        async with served.place() as made:
            yield made
