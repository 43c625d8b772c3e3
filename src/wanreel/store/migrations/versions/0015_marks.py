"""What people say of jobs after they were ordered: favourites, and other tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """A table beside the jobs: a release that does not know it shows jobs as they were ordered."""
    op.create_table(
        "marks",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("favourite", sa.Integer()),
        sa.Column("tags", sa.Text()),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    kept = "favourite IS NOT NULL"
    op.create_index(
        "ix_marks_favourite", "marks", ["favourite"], sqlite_where=sa.text(kept), postgresql_where=sa.text(kept)
    )
