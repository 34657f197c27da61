"""Attached clusters: sealed credentials lead to one address, and new ones are used without a restart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nodeyard.app import access
from nodeyard.app.attached import AttachedClusters, Attaching, EveryCluster, about, sealed_again
from nodeyard.drivers.store import MemoryStore, SqlStore
from nodeyard.drivers.system.sealing import Seal, SealError
from nodeyard.model.cluster import Cluster, Connector, Endpoint
from nodeyard.ports import Changes, Credentials, NotFound, PortError, Unavailable
from tests.fakes import FakeClock
from tests.nouns import NOON, SCOPE, a_cluster

OLD, NEW = "o" * 44, "n" * 44
HERE = "https://10.0.0.1:6443"


def a_connected_cluster(**members: Any) -> Cluster:
    connector = Connector("a-1", NOON)
    return replace(a_cluster(), **({"connector": connector, "endpoint": Endpoint(HERE, "")} | members))


def sealed(token: str, seal: Seal, server: str = HERE) -> Credentials:
    text = (
        "{kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], "
        f"clusters: [{{name: a, cluster: {{server: '{server}'}}}}], "
        f"users: [{{name: a, user: {{token: {token}}}}}]}}"
    )
    return Credentials(SCOPE, "prod", seal.seal(text.encode(), about(SCOPE, "prod")))


async def token_of(store: MemoryStore, seal: Seal) -> str | None:
    """Return the token that a client of the cluster would say."""
    client = Attaching(store, seal, FakeClock(), (), lambda: 0.5).client(
        a_connected_cluster(), Endpoint(HERE, "")
    )
    return (await client._source()).token


async def test_the_stored_credentials_are_used_and_new_ones_after_them() -> None:
    store, seal = MemoryStore(), Seal([OLD])
    for token in ("first", "second"):
        await store.commit(Changes(credentials=(sealed(token, seal),)))
        assert await token_of(store, seal) == token


@pytest.mark.parametrize(
    ("held", "error"),
    [
        (None, NotFound),
        (sealed("t", Seal([NEW])), Unavailable),
        (sealed("t", Seal([OLD]), "https://10.9.9.9:6443"), Unavailable),
        (Credentials(SCOPE, "prod", sealed("t", Seal([OLD])).sealed[:-4] + "AAAA"), Unavailable),
    ],
)
async def test_credentials_that_are_not_for_it_are_never_sent(
    held: Credentials | None, error: type[PortError]
) -> None:
    store = MemoryStore()
    if held is not None:
        await store.commit(Changes(credentials=(held,)))
    with pytest.raises(error):
        await token_of(store, Seal([OLD]))


def test_sealed_credentials_open_only_for_their_own_cluster() -> None:
    seal = Seal([OLD])
    with pytest.raises(SealError, match="changed after it was sealed"):
        seal.unseal(sealed("t", seal).sealed, about(SCOPE, "stage"))
    again = sealed_again(sealed("t", seal), Seal([NEW, OLD]))
    assert b"token: t" in Seal([NEW]).unseal(again.sealed, about(SCOPE, "prod"))


async def test_reseal_takes_the_credentials_of_clusters_along(tmp_path: Path) -> None:
    place = tmp_path / "nodeyard.db"
    store = SqlStore(place)
    await store.open()
    await store.commit(Changes(credentials=(sealed("t", Seal([OLD])),)))
    await store.close()
    assert await access.seal_again(place, Seal([NEW, OLD])) == (0, 1)
    async with access.opened(place) as after:
        (found,) = await after.all_credentials()
    assert b"token: t" in Seal([NEW]).unseal(found.sealed, about(SCOPE, "prod"))


async def test_each_kind_of_cluster_has_its_own_hands() -> None:
    made: list[Any] = []
    attaching = Attaching(MemoryStore(), Seal([OLD]), FakeClock(), (), lambda: 0.5)

    def connect(client: Any) -> Any:
        made.append(client)
        return client

    attached = AttachedClusters(attaching, connect)
    both = EveryCluster(eks=AttachedClusters(None, connect), attached=attached)
    mine = a_connected_cluster(vpc_id="vpc-1", security_group_id=None)
    assert both.kubernetes(mine) is both.kubernetes(mine)
    assert both.kubernetes(replace(mine, endpoint=Endpoint(HERE + "/2", ""))) is made[1]
    assert await both.ensure_security_group(mine) == ("vpc-1", None)
    assert (await both.ensure(mine), await both.remove(mine)) == (mine.endpoint, True)
    with pytest.raises(Unavailable, match="--secret-key-file"):
        both.kubernetes(replace(mine, connector=None))
    with pytest.raises(Unavailable, match="not attached yet"):
        both.kubernetes(replace(mine, endpoint=None))
    with pytest.raises(NotFound, match="no VPC"):
        await both.ensure_security_group(replace(mine, vpc_id=None))
