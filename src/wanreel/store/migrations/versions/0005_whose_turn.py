"""Whose turn it is: priorities, fairness between projects, what is held by hand, and what may change its account."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NUMBER: sa.Double[float] = sa.Double()


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Jobs that were there before have no priority, and what is parked is parked for all projects."""
    op.add_column("jobs", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("bound", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_jobs_queue", "jobs")
    op.drop_index("ix_jobs_ready", "jobs")
    queue = ["account", "model", "project", "priority", "queued_at", "place", "id"]
    op.create_index("ix_jobs_queue", "jobs", queue, **_only("queued_at IS NOT NULL"))
    ready = ["account", "model", "project", "due_at"]
    op.create_index("ix_jobs_ready", "jobs", ready, **_only("queued_at IS NOT NULL"))
    op.rename_table("parks", "old_parks")
    if op.get_bind().dialect.name == "postgresql":  # where an index keeps its name when its table gets another
        op.execute("ALTER INDEX parks_pkey RENAME TO old_parks_pkey")
    op.create_table(
        "parks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.Column("since", _NUMBER, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "model", "kind", "project"),
    )
    columns = "account, model, kind, until, since, body"
    op.execute(f"INSERT INTO parks (project, {columns}) SELECT '', {columns} FROM old_parks")  # noqa: S608 - constants
    op.drop_table("old_parks")
