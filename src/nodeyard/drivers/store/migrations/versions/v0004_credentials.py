"""Credentials of attached clusters, sealed."""

from alembic import op
from sqlalchemy import Column, String, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "credentials",
        Column("account", String, primary_key=True),
        Column("region", String, primary_key=True),
        Column("cluster", String, primary_key=True),
        Column("sealed", Text, nullable=False),
    )
