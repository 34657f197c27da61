"""Durable records on SQLAlchemy Core: SQLite now, written to be portable to PostgreSQL.

`MemoryStore` keeps the same promises without durability, for simulations.
"""

from nodeyard.drivers.store.memory import MemoryStore
from nodeyard.drivers.store.sql import SqlStore

__all__ = ["MemoryStore", "SqlStore"]
