"""Whose spools hold clips, where several machines work the same jobs; and the archives clips may lie in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Tables beside the jobs: a release that does not know them has no spool in a shared database."""
    op.create_table(
        "copies",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id", "holder"),
    )
    op.create_table(
        "archives",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
