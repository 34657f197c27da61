"""The tables of the first format; every database with a `meta` table has them."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: a database is made whole, so there is none before this format."""
