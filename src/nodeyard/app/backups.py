"""Backups for the command line: the composition root picks the driver."""

from nodeyard.drivers.store.backup import read, write
from nodeyard.drivers.store.errors import StoreError

__all__ = ["StoreError", "read", "write"]
