"""The feed of what happens, and what each job was asked for by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """What happened before is not in the feed; the history of each job still has it."""
    op.add_column("jobs", sa.Column("ask", sa.Text(), nullable=True))
    op.create_index(
        "ix_jobs_ask",
        "jobs",
        ["ask", "created_at"],
        sqlite_where=sa.text("ask IS NOT NULL"),
        postgresql_where=sa.text("ask IS NOT NULL"),
    )
    op.create_table(
        "feed",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
