"""The store: versions, indexes, history, and the file behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.world.kubernetes import store as store_module
from nodeyard.world.kubernetes.store import Change, Store
from tests.fakes import FakeClock


def make_store() -> Store:
    return Store(FakeClock(), SeededIds(1))


def pod(name: str, node: str = "", owner: str = "") -> dict:
    metadata: dict = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": node} if node else {}}


def test_every_write_takes_the_next_revision_and_is_told() -> None:
    store = make_store()
    seen: list[Change] = []
    stop = store.listen(seen.append)
    first = store.put("pods", pod("a"))
    second = store.put("pods", pod("a", node="n1"))
    store.remove("pods", "default", "a")
    stop()
    store.put("pods", pod("b"))
    assert int(second["metadata"]["resourceVersion"]) == int(first["metadata"]["resourceVersion"]) + 1
    assert [change.type for change in seen] == ["ADDED", "MODIFIED", "DELETED"]
    assert seen[1].previous == first


def test_what_is_sent_is_what_is_kept_and_is_encoded_when_asked_for() -> None:
    store = make_store()
    seen: list[Change] = []
    store.listen(seen.append)
    kept = store.put("pods", pod("a"))
    entry = store.entry("pods", "default", "a")
    assert entry is not None and json.loads(entry.data) == kept == json.loads(seen[0].data)
    assert seen[0].data is entry.data, "lists and watches share one encoding"


def test_pods_are_found_by_node_and_by_owner_as_they_move() -> None:
    store = make_store()
    store.put("pods", pod("a", owner="rs"))
    assert store.pods_on("n1") == []
    store.put("pods", pod("a", node="n1", owner="rs"))
    assert [item["metadata"]["name"] for item in store.pods_on("n1")] == ["a"]
    assert [key for key, _ in store.owned_by("rs")] == ["pods"]
    store.put("pods", pod("a", node="n1"))
    assert store.owned_by("rs") == []
    store.remove("pods", "default", "a")
    assert store.pods_on("n1") == []


def test_lists_are_in_order_of_namespace_and_name() -> None:
    store = make_store()
    for name in ("b", "c", "a"):
        store.put("pods", pod(name))
    assert [item["metadata"]["name"] for item in store.list("pods")] == ["a", "b", "c"]
    assert store.list("pods", "other") == []
    assert store.count("pods") == 3


def test_history_after_a_revision_is_what_happened_since(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "HISTORY", 3)
    store = make_store()
    revisions = [int(store.put("pods", pod(name))["metadata"]["resourceVersion"]) for name in "abcd"]
    changes = store.history("pods", revisions[1])
    assert changes is not None
    assert [change.object["metadata"]["name"] for change in changes] == ["c", "d"]


def test_history_that_rolled_over_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "HISTORY", 3)
    store = make_store()
    start = store.revision
    for name in "abcdef":
        store.put("pods", pod(name))
    assert store.history("pods", start) is None
    assert store.history("nodes", start) == []


def test_a_file_brings_back_objects_revision_and_indexes(tmp_path: Path) -> None:
    path = tmp_path / "objects.sqlite"
    store = make_store()
    store.open(path)
    store.put("pods", pod("a", node="n1", owner="rs"))
    store.put("pods", pod("gone"))
    store.flush()
    store.remove("pods", "default", "gone")
    store.flush()
    last = store.revision
    # No close: what was flushed must be there after a crash.
    again = make_store()
    again.open(path)
    assert again.revision == last
    assert [item["metadata"]["name"] for item in again.list("pods")] == ["a"]
    assert len(again.pods_on("n1")) == 1
    assert len(again.owned_by("rs")) == 1
    assert again.history("pods", last - 1) is None
    again.close()
    store.close()
