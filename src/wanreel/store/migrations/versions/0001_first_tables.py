"""The first tables: jobs, their tasks and history, notices and parks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_INSTANT: sa.Double[float] = sa.Double()


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text()),
        sa.Column("due_at", _INSTANT),
        sa.Column("queued_at", _INSTANT),
        sa.Column("order_at", _INSTANT),
        sa.Column("slot_until", _INSTANT),
        sa.Column("intent_at", _INSTANT),
        sa.Column("seen_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("spare_of", sa.Text()),
        sa.Column("claim_owner", sa.Text()),
        sa.Column("claim_until", _INSTANT),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="uq_jobs_key"),
    )
    op.create_index("ix_jobs_air", "jobs", ["intent_at"], **_only("intent_at IS NOT NULL"))
    op.create_index("ix_jobs_batch", "jobs", ["batch", "created_at"], **_only("batch IS NOT NULL"))
    op.create_index("ix_jobs_claims", "jobs", ["lane", "claim_until"], **_only("claim_until IS NOT NULL"))
    op.create_index("ix_jobs_newest", "jobs", ["created_at", "place", "id"])
    op.create_index(
        "ix_jobs_queue", "jobs", ["account", "model", "queued_at", "place", "id"], **_only("queued_at IS NOT NULL")
    )
    op.create_index("ix_jobs_ready", "jobs", ["account", "model", "due_at"], **_only("queued_at IS NOT NULL"))
    op.create_index("ix_jobs_seen", "jobs", ["account", "seen_at"], **_only("seen_at IS NOT NULL"))
    op.create_index("ix_jobs_slots", "jobs", ["account", "model", "slot_until"], **_only("slot_until IS NOT NULL"))
    op.create_index("ix_jobs_spares", "jobs", ["spare_of"], **_only("spare_of IS NOT NULL"))
    op.create_index("ix_jobs_state", "jobs", ["state", "created_at"])
    op.create_index("ix_jobs_work", "jobs", ["lane", "due_at"], **_only("lane IS NOT NULL"))
    op.create_table(
        "notices",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", _INSTANT),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id", name="uq_notices_id"),
    )
    op.create_index("ix_notices_owed", "notices", ["due_at"], **_only("delivered_at IS NULL"))
    op.create_table(
        "parks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "model", "kind"),
    )
    op.create_table(
        "history",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id", "version"),
    )
    op.create_table(
        "tasks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("account", "task_id"),
    )
