"""A cluster at one instant, as a file: what a rehearsal needs of it and nothing that could be a secret."""

from nodeyard.rehearse.snapshot.document import KINDS, NEEDED, OBJECTS_MAX, Snapshot, SnapshotRefused
from nodeyard.rehearse.snapshot.file import read, read_kubectl, write
from nodeyard.rehearse.snapshot.kept import keep
from nodeyard.rehearse.snapshot.kubectl import from_kubectl

__all__ = [
    "KINDS",
    "NEEDED",
    "OBJECTS_MAX",
    "Snapshot",
    "SnapshotRefused",
    "from_kubectl",
    "keep",
    "read",
    "read_kubectl",
    "write",
]
