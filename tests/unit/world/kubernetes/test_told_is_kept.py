"""Whatever a client of an embedded cluster was told is in its file: a kill right after loses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.world.errors import WorldDataError
from nodeyard.world.kubernetes import cluster_list
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.kubernetes.exchange import Request
from nodeyard.world.kubernetes.persistence import ObjectFile
from nodeyard.world.kubernetes.registry import ClusterHandle
from tests.fakes import FakeClock

PLACE = ("111122223333", "eu-west-1", "demo")
BASE = f"/{'/'.join(PLACE)}/api/v1/namespaces/default/configmaps"


def _process(directory: Path) -> EmbeddedKubernetes:
    return EmbeddedKubernetes(
        clock=FakeClock(), ids=SeededIds(3), data_dir=directory, host="127.0.0.1", port=1
    )


def _kept(directory: Path) -> dict[str, dict[str, object]]:
    """Return the config maps as the next process would read them, while this one still runs."""
    file = ObjectFile(directory / "clusters" / "/".join(PLACE) / "objects.sqlite")
    found = {key[2]: json.loads(data) for key, data in file.read() if key[0] == "configmaps"}
    file.close()
    return found


def _ask(process: EmbeddedKubernetes, method: str, path: str, body: object = None) -> dict[str, object]:
    headers = {"authorization": f"Bearer {process.internal_token}", "content-type": "application/json"}
    request = Request(method, path, {}, headers, json.dumps(body).encode() if body else b"")
    found: dict[str, object] = json.loads(process.asgi.answer(request).body)
    return found


async def _cluster(directory: Path) -> tuple[EmbeddedKubernetes, ClusterHandle]:
    process = _process(directory)
    return process, await process.create(*PLACE, "1.34")


async def test_an_answer_to_a_write_comes_after_the_write(tmp_path: Path) -> None:
    process, _ = await _cluster(tmp_path)
    made = _ask(process, "POST", BASE, {"metadata": {"name": "a"}})
    assert _kept(tmp_path)["a"] == made
    _ask(process, "DELETE", f"{BASE}/a")
    assert "a" not in _kept(tmp_path)
    await process.stop()


async def test_what_a_reader_sees_of_others_is_kept_before_it_is_shown(tmp_path: Path) -> None:
    process, handle = await _cluster(tmp_path)
    handle.api.create("configmaps", "default", {"metadata": {"name": "by-a-controller"}})
    assert _ask(process, "GET", f"{BASE}/by-a-controller") == _kept(tmp_path)["by-a-controller"]
    await process.stop()


async def test_a_cluster_is_in_the_list_only_with_everything_it_begins_with(tmp_path: Path) -> None:
    process, _ = await _cluster(tmp_path)
    assert [row[:3] for row in cluster_list.read(tmp_path / "clusters.json")] == [PLACE]
    file = ObjectFile(tmp_path / "clusters" / "/".join(PLACE) / "objects.sqlite")
    assert "kube-system" in {key[2] for key, _ in file.read() if key[0] == "namespaces"}
    file.close()
    await process.stop()


async def test_what_a_killed_creation_or_removal_left_behind_is_not_taken_over(tmp_path: Path) -> None:
    process, handle = await _cluster(tmp_path)
    handle.api.create("configmaps", "default", {"metadata": {"name": "of-the-old-cluster"}})
    await process.stop()
    (tmp_path / "clusters.json").unlink()  # as a kill between the list and the files leaves it
    second, handle = await _cluster(tmp_path)
    assert handle.store.get("configmaps", "default", "of-the-old-cluster") is None
    assert handle.store.get("namespaces", None, "kube-system") is not None
    await second.stop()


async def test_the_authority_and_the_token_stay_the_same(tmp_path: Path) -> None:
    first, second = _process(tmp_path), _process(tmp_path)
    assert (first.ca_data, first.internal_token) == (second.ca_data, second.internal_token)


async def test_an_authority_whose_making_was_killed_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.key").write_bytes(b"half a k")
    assert _process(tmp_path).ca_data


async def test_a_write_that_fails_is_written_with_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, handle = await _cluster(tmp_path)

    def full(self: ObjectFile, changes: object, revision: int) -> None:
        raise WorldDataError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(ObjectFile, "write", full)
        handle.api.create("configmaps", "default", {"metadata": {"name": "a"}})
        with pytest.raises(WorldDataError):
            handle.store.flush()
    handle.store.flush()
    assert "a" in _kept(tmp_path)
    await process.stop()
