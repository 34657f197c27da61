"""Operations that keep failing on a bug are parked until a person decides."""

from alembic import op
from sqlalchemy import Column, Float, Integer

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add since when a key is parked, and how many bugs in a row it hit."""
    op.add_column("reconcile", Column("parked_at", Float, nullable=True))
    op.add_column("reconcile", Column("bugs", Integer, nullable=False, server_default="0"))
