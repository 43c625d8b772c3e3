"""What refusals have taught about limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.create_table(
        "learned",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("probe_s", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("account", "model"),
    )
