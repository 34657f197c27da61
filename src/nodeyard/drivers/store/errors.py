"""Why a store cannot be opened, each in one sentence for the person who started the program."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the message says why and what to do."""


class NewerFormat(StoreError):
    """The database was written by a newer program."""


class DirectoryInUse(StoreError):
    """Another process works in the data directory."""
