"""Calls of foreign faces under way and of late, so that several processes know those that are sent again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """A table beside the jobs: a release that does not know it judges by its own memory, as before."""
    op.create_table(
        "creates",
        sa.Column("seq", _COUNT, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ask", sa.Text(), nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("job_id", sa.Text()),
        sa.Column("ended_at", _INSTANT),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("followed", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ux_creates_id", "creates", ["id"], unique=True)
    op.create_index("ix_creates_ask", "creates", ["ask", "seq"])
    op.create_index("ix_creates_began", "creates", ["began_at"])
    kept = "job_id IS NOT NULL"
    op.create_index("ix_creates_job", "creates", ["job_id"], sqlite_where=sa.text(kept), postgresql_where=sa.text(kept))
