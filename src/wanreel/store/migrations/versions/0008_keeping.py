"""What is kept beside clips, links that show them, and what was decided about keeping them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_NUMBER: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Three new tables; jobs that were there before are simply kept."""
    op.create_table(
        "views",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_table(
        "shares",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("aspect", sa.Text(), nullable=False),
        sa.Column("created_at", _NUMBER, nullable=False),
        sa.Column("revoked_at", _NUMBER),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_shares_job", "shares", ["job_id"])
    op.create_table(
        "custody",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("todo_at", _NUMBER),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index(
        "ix_custody_todo",
        "custody",
        ["todo_at"],
        sqlite_where=sa.text("todo_at IS NOT NULL"),
        postgresql_where=sa.text("todo_at IS NOT NULL"),
    )
