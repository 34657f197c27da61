"""A cluster at one instant, as a file: what a rehearsal needs of it and nothing that could be a secret."""

from nodeyard.rehearse.snapshot.document import KINDS, Snapshot, SnapshotRefused
from nodeyard.rehearse.snapshot.file import read, write
from nodeyard.rehearse.snapshot.kubectl import from_kubectl

__all__ = ["KINDS", "Snapshot", "SnapshotRefused", "from_kubectl", "read", "write"]
