"""The tables: key columns to find a record by, and the record itself as a JSON document."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

FORMAT = 5
"""The number of the newest file in `migrations`, raised with every change of the tables or documents;
a database of a higher format is refused."""

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String))

cluster = Table(
    "cluster",
    metadata,
    Column("account", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

nodegroup = Table(
    "nodegroup",
    metadata,
    Column("account", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("cluster", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    Column("account", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("cluster", String, primary_key=True),
    Column("nodegroup", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("account", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("operation", String, primary_key=True),
    Column("token", String, primary_key=True),
    Column("result", String, nullable=False),
    Column("document", Text, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("region", String, nullable=False),
    Column("cluster", String, nullable=False),
    Column("nodegroup", String, nullable=True),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)

access_key = Table(
    "access_key",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("document", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Only ever added to."""

used_signature = Table(
    "used_signature",
    metadata,
    Column("digest", String, primary_key=True),
    Column("used_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Index("used_signature_until", "until"),
)
"""Signatures that acted, until a while after they end. Times are Unix seconds."""

credentials = Table(
    "credentials",
    metadata,
    Column("account", String, primary_key=True),
    Column("region", String, primary_key=True),
    Column("cluster", String, primary_key=True),
    Column("sealed", Text, nullable=False),
)
"""What leads to attached clusters: ciphertext and nothing else."""

reconcile = Table(
    "reconcile",
    metadata,
    Column("key", String, primary_key=True),
    Column("wake_at", Float, nullable=False),
    Column("woken", Float, nullable=True),
    Column("lease_owner", String, nullable=True),
    Column("lease_token", Integer, nullable=False, default=0),
    Column("lease_until", Float, nullable=False, default=0.0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text, nullable=True),
    Column("parked_at", Float, nullable=True),
    Column("bugs", Integer, nullable=False, server_default="0"),
    Index("reconcile_due", "wake_at"),
)
"""Times are Unix seconds. `woken` is a wake that came while the key was leased.
A key with `parked_at` is not claimed."""
