"""Who watches an account: one process at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.create_table(
        "leases",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
