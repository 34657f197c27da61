"""Signatures of calls that acted, so that none acts twice."""

from alembic import op
from sqlalchemy import Column, Float, String

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "used_signature",
        Column("digest", String, primary_key=True),
        Column("used_at", Float, nullable=False),
        Column("until", Float, nullable=False),
    )
    op.create_index("used_signature_until", "used_signature", ["until"])
