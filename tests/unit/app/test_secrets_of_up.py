"""`nodeyard up --seed`: the world is the same at every start, what lets somebody in is not."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from nodeyard.app import planes
from nodeyard.app.credentials import AccessKeys
from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.settings import UpSettings
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes


async def _token(folder: Path) -> str:
    clock, ids = RealClock(), SeededIds(1)
    settings = UpSettings(folder, seed=1)
    async with AsyncExitStack() as stack:
        found = await planes.found(settings, AccessKeys({}, ids), clock, ids, stack)
        assert isinstance(found.kubernetes, EmbeddedKubernetes)
        return found.kubernetes.internal_token


async def test_the_token_of_embedded_clusters_cannot_be_told_from_the_seed(tmp_path: Path) -> None:
    assert await _token(tmp_path / "one") != await _token(tmp_path / "other")
