"""What happened to one job or one group is found without reading what happened to all the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.create_index("ix_feed_job", "feed", ["job_id", "seq"])
    op.create_index(
        "ix_feed_batch",
        "feed",
        ["batch", "seq"],
        sqlite_where=sa.text("batch IS NOT NULL"),
        postgresql_where=sa.text("batch IS NOT NULL"),
    )
