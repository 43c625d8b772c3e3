"""Projects and tags: what jobs are sorted, counted and budgeted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Jobs that were there before belong to the default project and have no tags."""
    op.add_column("jobs", sa.Column("project", sa.Text(), nullable=False, server_default="default"))
    op.create_index("ix_jobs_project", "jobs", ["project", "created_at"])
    op.create_table(
        "tags",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("tag", "job_id"),
    )
