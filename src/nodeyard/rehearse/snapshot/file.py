"""Snapshots on disk: one JSON document, compressed with Zstandard, checked when it is read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import zstandard
from msgspec import Raw

from nodeyard.rehearse.snapshot.document import (
    FORMAT,
    KINDS,
    NEEDED,
    OBJECTS_MAX,
    VERSION,
    Snapshot,
    SnapshotRefused,
    too_many,
)
from nodeyard.rehearse.snapshot.kept import keep
from nodeyard.rehearse.snapshot.kubectl import COMMAND, from_kubectl
from nodeyard.rehearse.snapshot.shapes import misshapen

Obj = dict[str, Any]
Members = dict[str, Raw]

MAGIC = b"\x28\xb5\x2f\xfd"
_FORMAT = msgspec.json.encode(FORMAT)
BYTES_MAX = 2 << 30
"""Decompressed, and about what reading takes beside what is kept; 5,000 nodes and 50,000 pods have 100 MB."""
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
    members = _members(path)
    if bytes(members.get("format", b"")) == _FORMAT:
        return _snapshot(path, members)
    return _of_kubectl([(path, members)])


def read_kubectl(paths: Sequence[Path]) -> Snapshot:
    """Read answers of `kubectl get -o json`, as old as the newest file. Raises: SnapshotRefused."""
    return _of_kubectl([(path, _members(path)) for path in paths])


def _of_kubectl(read: Sequence[tuple[Path, Members]]) -> Snapshot:
    written = max(path.stat().st_mtime for path, _ in read)
    documents = [(path.name, _listed(path, members)) for path, members in read]
    taken = from_kubectl(documents, taken_at=datetime.fromtimestamp(written, UTC), most=OBJECTS_MAX)
    return checked(read[0][0].name, taken)


def _members(path: Path) -> Members:
    """Return the members of the document in a file, each as it is written.

    Only what is kept of an object becomes values: all at once would take ten times the size of the file.
    """
    text = _text(path)
    if not text:
        raise SnapshotRefused(f"{path} is empty; {_AGAIN}.")
    try:
        return msgspec.json.decode(text, type=dict[str, Raw])
    except msgspec.ValidationError as fault:
        raise SnapshotRefused(f"{path} holds JSON that is no snapshot; {_AGAIN}.") from fault
    except (msgspec.DecodeError, RecursionError) as fault:
        raise SnapshotRefused(
            f"{path} is neither a snapshot nor JSON of `kubectl get -o json` ({fault}); {_AGAIN}."
        ) from fault


def _text(path: Path) -> bytearray:
    try:
        with path.open("rb") as file:
            head = file.peek()  # which a pipe can do too
            if not head.startswith(MAGIC):
                return _all_of(path, file)
            with zstandard.ZstdDecompressor().stream_reader(file) as reader:
                text = _all_of(path, reader)
            declared = zstandard.frame_content_size(head)
    except OSError as fault:
        raise SnapshotRefused(f"{path} cannot be read: {fault.strerror}.") from fault
    except zstandard.ZstdError as fault:
        raise SnapshotRefused(f"{path} is damaged ({fault}); {_AGAIN}.") from fault
    if declared >= 0 and declared != len(text):
        raise SnapshotRefused(
            f"{path} is cut short: {len(text):,} of {declared:,} bytes are there; {_AGAIN}."
        )
    return text


def _all_of(path: Path, reader: BinaryIO) -> bytearray:
    """Return everything that is left to read, in one piece that grows: pieces to join would take it twice."""
    text = bytearray()
    while chunk := reader.read(_CHUNK):
        text += chunk
        if len(text) > BYTES_MAX:
            raise SnapshotRefused(
                f"{path} holds more than {BYTES_MAX >> 30} GiB, which no cluster of a supported size needs; "
                "take a snapshot of one cluster alone, with `nodeyard snapshot`."
            )
    return text


def _listed(path: Path, members: Members) -> Iterator[Obj]:
    """Yield the objects of a List, or the one that is no list."""
    try:
        kind = msgspec.json.decode(members.get("kind", b'""'))
        if not str(kind).endswith("List"):
            yield {name: msgspec.json.decode(value) for name, value in members.items()}
            return
        for each in msgspec.json.decode(members.get("items", b"null"), type=list[Raw]):
            yield msgspec.json.decode(each)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise SnapshotRefused(
            f"{path} holds no list of objects ({fault}); make it with `{COMMAND}`."
        ) from fault


def _snapshot(path: Path, members: Members) -> Snapshot:
    try:
        version = msgspec.json.decode(members.get("version", b"null"))
        if version != VERSION:
            raise SnapshotRefused(
                f"{path} is a snapshot of format version {version}, this program reads {VERSION}; {_AGAIN}."
            )
        taken_at = datetime.fromisoformat(msgspec.json.decode(members["takenAt"], type=str))
        found = msgspec.json.decode(members["objects"], type=dict[str, list[Raw]])
        if sum(len(found.get(name, ())) for name in KINDS) > OBJECTS_MAX:
            raise too_many(path.name, OBJECTS_MAX)
        objects = {name: list(_kept(name, found.get(name, ()))) for name in KINDS}
        lacking = msgspec.json.decode(members.get("lacking", b"{}"), type=dict[str, str])
        server = msgspec.json.decode(members.get("server", b'""'), type=str)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise SnapshotRefused(
            f"{path} does not hold what a snapshot must hold ({fault!r}); {_AGAIN}."
        ) from fault
    missing = {name: "not in the file" for name in KINDS if name not in found}
    return checked(path.name, Snapshot(taken_at, objects, server, missing | lacking))


def _kept(resource: str, written: Iterable[Raw]) -> Iterator[Obj]:
    """Yield what is kept of objects, once more: what somebody wrote into a file a snapshot would not hold."""
    for each in written:
        kept = keep(resource, msgspec.json.decode(each))
        if kept is not None:
            yield kept


def checked(name: str, snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that a rehearsal can use. Raises: SnapshotRefused."""
    for resource in NEEDED:
        if not snapshot.of(resource):
            raise SnapshotRefused(f"{name} holds no {resource}, without which there is nothing to rehearse.")
    for resource, items in snapshot.objects.items():
        for each in items:
            wrong = misshapen(each)
            if wrong:
                called = each["metadata"].get("name", "without a name")
                raise SnapshotRefused(f"{name} is damaged: {resource} {called}: {wrong}; {_AGAIN}.")
    return snapshot
