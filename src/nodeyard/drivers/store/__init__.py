"""Durable records on SQLAlchemy Core: SQLite now, written to be portable to PostgreSQL."""

from nodeyard.drivers.store.sql import SqlStore

__all__ = ["SqlStore"]
