"""Clusters of a process: made once, kept over restarts, removed whole."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle

PLACE = ("111122223333", "eu-west-1", "demo")


def make(data_dir: Path | None, seed: int = 1) -> EmbeddedKubernetes:
    return EmbeddedKubernetes(
        clock=RealClock(), ids=SeededIds(seed), data_dir=data_dir, host="127.0.0.1", port=1
    )


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[EmbeddedKubernetes]:
    made = make(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def test_a_cluster_is_made_once_and_furnished(embedded: EmbeddedKubernetes) -> None:
    seen: list[ClusterHandle] = []
    embedded.on_cluster(seen.append)
    first = await embedded.create(*PLACE, "1.32")
    assert await embedded.create(*PLACE, "1.33") is first
    assert seen == [first]
    assert first.url == "https://127.0.0.1:1/111122223333/eu-west-1/demo"
    names = {item["metadata"]["name"] for item in first.api.list("namespaces")}
    assert names == {"default", "kube-node-lease", "kube-public", "kube-system"}
    assert first.api.get("serviceaccounts", "kube-system", "default")


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    before = make(tmp_path)
    await before.start()
    handle = await before.create(*PLACE, "1.32")
    handle.api.create("nodes", None, {"metadata": {"name": "n1"}})
    token, authority = before.internal_token, before.ca_data
    await before.stop()
    after = make(tmp_path, seed=2)
    await after.start()
    again = after.get(*PLACE)
    assert again is not None and again.version == "1.32"
    assert again.api.get("nodes", None, "n1")
    assert (after.internal_token, after.ca_data) == (token, authority)
    await after.stop()


async def test_a_removed_cluster_leaves_nothing(embedded: EmbeddedKubernetes, tmp_path: Path) -> None:
    await embedded.create(*PLACE, "1.32")
    await embedded.remove(*PLACE)
    await embedded.remove(*PLACE)
    assert embedded.clusters() == []
    assert not (tmp_path / "clusters" / "/".join(PLACE)).exists()


async def test_the_server_certificate_is_signed_by_the_published_authority(
    embedded: EmbeddedKubernetes,
) -> None:
    certificate, key = embedded.certificate()
    served = x509.load_pem_x509_certificate(certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(base64.b64decode(embedded.ca_data))
    served.verify_directly_issued_by(authority)
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert key.stat().st_mode & 0o077 == 0
