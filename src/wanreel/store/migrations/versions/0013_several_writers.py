"""What a database with several writers needs: what has no number in the feed yet, what is known of the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Two new tables; whoever runs the release before knows nothing of them and needs nothing of them."""
    op.create_table(
        "arrivals",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text()),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "about",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
