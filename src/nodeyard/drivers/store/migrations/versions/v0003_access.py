"""Access keys of callers, and the audit log."""

from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the two tables, empty."""
    op.create_table(
        "access_key",
        Column("id", String, primary_key=True),
        Column("account", String, nullable=False),
        Column("document", Text, nullable=False),
    )
    op.create_table(
        "audit",
        Column("sequence", Integer, primary_key=True, autoincrement=True),
        Column("account", String, nullable=False),
        Column("request_id", String, nullable=False),
        Column("document", Text, nullable=False),
        sqlite_autoincrement=True,
    )
