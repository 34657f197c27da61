"""Snapshots on disk: one JSON document, compressed with Zstandard, checked when it is read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from nodeyard.rehearse.snapshot.document import (
    FORMAT,
    KINDS,
    NEEDED,
    OBJECTS_MAX,
    VERSION,
    Snapshot,
    SnapshotRefused,
)
from nodeyard.rehearse.snapshot.kept import keep
from nodeyard.rehearse.snapshot.kubectl import from_kubectl

MAGIC = b"\x28\xb5\x2f\xfd"
BYTES_MAX = 2 << 30
"""Decompressed; a snapshot of 5,000 nodes and 50,000 pods has about 100 MB."""
_CHUNK = 1 << 20
_AGAIN = "take it again with `nodeyard snapshot`"


def write(path: Path, snapshot: Snapshot) -> int:
    """Write a snapshot whole or not at all; return its size in bytes. Raises: SnapshotRefused."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "takenAt": snapshot.taken_at.astimezone(UTC).isoformat(),
        "server": snapshot.server,
        "lacking": snapshot.lacking,
        "objects": snapshot.objects,
    }
    compressor = zstandard.ZstdCompressor(level=9, write_checksum=True, write_content_size=True)
    data = compressor.compress(msgspec.json.encode(document))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as fault:
        raise SnapshotRefused(f"{path} cannot be written: {fault.strerror}; name another file.") from fault
    return len(data)


def read(path: Path) -> Snapshot:
    """Read a snapshot, or the answer of `kubectl get -o json`. Raises: SnapshotRefused."""
    document = _document(path)
    return _snapshot(path, document) if document.get("format") == FORMAT else read_kubectl([path])


def read_kubectl(paths: Sequence[Path]) -> Snapshot:
    """Read answers of `kubectl get -o json`, as old as the newest file. Raises: SnapshotRefused."""
    documents = [(path.name, _document(path)) for path in paths]
    written = max(path.stat().st_mtime for path in paths)
    return checked(paths[0].name, from_kubectl(documents, taken_at=datetime.fromtimestamp(written, UTC)))


def _document(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise SnapshotRefused(f"{path} cannot be read: {fault.strerror}.") from fault
    if not data:
        raise SnapshotRefused(f"{path} is empty; {_AGAIN}.")
    text = _decompressed(path, data) if data.startswith(MAGIC) else data
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as fault:
        raise SnapshotRefused(
            f"{path} is neither a snapshot nor JSON of `kubectl get -o json` ({fault}); {_AGAIN}."
        ) from fault
    if not isinstance(document, dict):
        raise SnapshotRefused(f"{path} holds JSON that is no snapshot; {_AGAIN}.")
    return document


def _decompressed(path: Path, data: bytes) -> bytes:
    parts, size = [], 0
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as reader:
            while chunk := reader.read(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > BYTES_MAX:
                    raise SnapshotRefused(
                        f"{path} unpacks to more than {BYTES_MAX >> 30} GiB, which no cluster of a supported "
                        "size needs; take a snapshot of one cluster alone."
                    )
        declared = zstandard.frame_content_size(data)
    except zstandard.ZstdError as fault:
        raise SnapshotRefused(f"{path} is damaged ({fault}); {_AGAIN}.") from fault
    if declared >= 0 and declared != size:
        raise SnapshotRefused(f"{path} is cut short: {size:,} of {declared:,} bytes are there; {_AGAIN}.")
    return b"".join(parts)


def _snapshot(path: Path, document: dict[str, Any]) -> Snapshot:
    version = document.get("version")
    if version != VERSION:
        raise SnapshotRefused(
            f"{path} is a snapshot of format version {version} and this program reads {VERSION}; {_AGAIN}."
        )
    try:
        taken_at = datetime.fromisoformat(document["takenAt"])
        found = {name: list(document["objects"].get(name) or ()) for name in KINDS}
        # Kept once more: a file that somebody edited brings nothing in that a snapshot would not hold.
        objects = {
            name: [kept for each in items if (kept := keep(name, each)) is not None]
            for name, items in found.items()
        }
        lacking = {str(name): str(why) for name, why in (document.get("lacking") or {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise SnapshotRefused(
            f"{path} does not hold what a snapshot must hold ({fault!r}); {_AGAIN}."
        ) from fault
    missing = {name: "not in the file" for name in KINDS if name not in document["objects"]}
    return checked(path.name, Snapshot(taken_at, objects, str(document.get("server", "")), missing | lacking))


def checked(name: str, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that a rehearsal can use. Raises: SnapshotRefused."""
    for resource in NEEDED:
        if not snapshot.of(resource):
            raise SnapshotRefused(f"{name} holds no {resource}, without which there is nothing to rehearse.")
    total = sum(len(items) for items in snapshot.objects.values())
    if total > OBJECTS_MAX:
        raise SnapshotRefused(
            f"{name} holds {total:,} objects and a rehearsal takes {OBJECTS_MAX:,}; leave out events and "
            "finished Jobs, or namespaces that the group does not run."
        )
    for resource, items in snapshot.objects.items():
        for each in items:
            if not isinstance(each, dict) or not (each.get("metadata") or {}).get("name"):
                raise SnapshotRefused(f"{name} holds one of {resource} without a name; {_AGAIN}.")
    return snapshot
