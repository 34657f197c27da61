"""Snapshot files: what they keep, and what is said of those that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from nodeyard.rehearse.snapshot import Snapshot, SnapshotRefused, read, write
from nodeyard.rehearse.snapshot import file as snapshot_file
from tests.unit.rehearse.clusters import TAKEN, three_nodes


def _written(path: Path, text: object) -> Path:
    path.write_bytes(zstandard.ZstdCompressor().compress(json.dumps(text).encode()))
    return path


def test_a_snapshot_comes_back_as_it_was_written(tmp_path: Path) -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    given = cluster.snapshot()
    write(tmp_path / "c.json.zst", given)
    back = read(tmp_path / "c.json.zst")
    assert back.objects == {name: given.of(name) for name in back.objects}
    assert (back.taken_at, back.lacking) == (TAKEN, given.lacking)


def test_a_snapshot_holds_no_environment_image_command_or_annotation(tmp_path: Path) -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    for each in cluster.objects:
        each["metadata"].setdefault("annotations", {})["note"] = "hunter2-annotation"
        each["metadata"]["managedFields"] = [{"manager": "hunter2-manager"}]
    for pod in (each for each in cluster.objects if each["kind"] == "Pod"):
        pod["spec"]["containers"][0]["args"] = ["--token=hunter2-argument"]
        pod["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "hunter2-volume"}}]
    path = tmp_path / "c.json.zst"
    write(path, cluster.snapshot())
    text = zstandard.ZstdDecompressor().decompress(path.read_bytes())
    assert b"web" in text and b"hunter2" not in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"certainly no JSON", "is neither a snapshot nor JSON"),
        (b"[1, 2]", "holds JSON that is no snapshot"),
        (b'{"kind": "PodList", "items": []}', "holds no nodes"),
        (b'{"kind": "List", "items": [{"kind": "Node"}]}', "no Kubernetes object"),
        (b'{"kind": "List", "items": 7}', "holds no list of objects"),
        (b'{"kind": "List", "items": [7]}', "no Kubernetes object"),
        (b'{"kind": "Pod", "metadata": {"name": "a"}, "spec": 7}', "no Kubernetes object"),
        (b'{"kind": ' + b"[" * 100_000, "is neither a snapshot nor JSON"),
        (b'{"format": "nodeyard-snapshot", "version": 1, "takenAt": "today"}', "what a snapshot must hold"),
    ],
)
def test_a_file_that_is_no_snapshot_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotRefused) as refused:
        read(path)
    assert said in refused.value.message and "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="cannot be read: No such file"):
        read(tmp_path / "nothing.json.zst")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_snapshot_that_is_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "c.json.zst"
    write(path, three_nodes().snapshot())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SnapshotRefused, match=r"cut short|damaged"):
        read(path)


def test_a_snapshot_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.json.zst"
    write(path, three_nodes().snapshot())
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(bytes(whole))
    with pytest.raises(SnapshotRefused, match="damaged"):
        read(path)


def test_a_snapshot_of_another_format_version_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path / "c.json.zst", {"format": "nodeyard-snapshot", "version": 7})
    with pytest.raises(SnapshotRefused, match="format version 7, this program reads 1"):
        read(path)


def test_a_snapshot_with_too_many_objects_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_file, "OBJECTS_MAX", 5)
    path = tmp_path / "c.json.zst"
    write(path, three_nodes().snapshot())
    with pytest.raises(SnapshotRefused, match="more than the 5 objects that a rehearsal takes; leave"):
        read(path)


def test_a_snapshot_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_file, "BYTES_MAX", 100)
    path = tmp_path / "c.json.zst"
    write(path, three_nodes().snapshot())
    with pytest.raises(SnapshotRefused, match="holds more than 0 GiB"):
        read(path)


def test_a_snapshot_without_pods_is_refused_and_one_without_budgets_says_so(tmp_path: Path) -> None:
    whole = three_nodes().snapshot()
    path = tmp_path / "c.json.zst"
    write(path, Snapshot(TAKEN, {"nodes": whole.of("nodes")}))
    with pytest.raises(SnapshotRefused, match="holds no pods"):
        read(path)
    write(path, Snapshot(TAKEN, {"nodes": whole.of("nodes"), "pods": whole.of("pods")}))
    lacking = read(path).facts_lacking()
    assert "disruption budgets are unknown: NO eviction is ever refused (not in the file)" in lacking


@pytest.mark.parametrize(
    ("member", "value"),
    [
        (("metadata", "uid"), None),
        (("metadata", "labels"), [7]),
        (("metadata", "ownerReferences"), [{"kind": "ReplicaSet"}]),
        (("spec", "containers"), [{"name": None}]),
        (("spec", "terminationGracePeriodSeconds"), "long"),
    ],
)
def test_an_object_that_no_api_server_gives_is_refused_by_its_name(
    tmp_path: Path, member: tuple[str, str], value: object
) -> None:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    pod = next(each for each in cluster.objects if each["kind"] == "Pod")
    pod[member[0]][member[1]] = value
    path = tmp_path / "c.json"
    path.write_text(json.dumps(cluster.document()))
    with pytest.raises(SnapshotRefused) as refused:
        read(path)
    said = refused.value.message
    assert "is damaged: pods" in said and pod["metadata"]["name"] in said and "\n" not in said
