"""What the watcher of an account works with: columns of running tasks, learned run times, facts about the list."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT: sa.Double[float] = sa.Double()
_TIERS = ((610_000, "480P"), (1_380_000, "720P"), (10**12, "1080P"))


def upgrade() -> None:
    """Forward only: an older wanreel refuses a newer database."""
    op.add_column("jobs", sa.Column("task_id", sa.Text()))
    op.add_column("jobs", sa.Column("accepted_at", _INSTANT))
    op.add_column("jobs", sa.Column("task_how", sa.Text()))
    op.add_column("jobs", sa.Column("tier", sa.Text()))
    op.add_column("jobs", sa.Column("clip_s", sa.Integer()))
    running = "accepted_at IS NOT NULL"
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["account", "accepted_at", "id"],
        sqlite_where=sa.text(running),
        postgresql_where=sa.text(running),
    )
    op.create_table(
        "runtimes",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("clip_s", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "tier", "clip_s"),
    )
    op.create_table(
        "facts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    _fill_in(op.get_bind())


def _fill_in(conn: sa.Connection) -> None:
    """The new columns of tasks that were running when this wanreel was installed."""
    jobs = sa.Table("jobs", sa.MetaData(), autoload_with=conn)
    for row in conn.execute(sa.select(jobs.c.id, jobs.c.body).where(jobs.c.state == "generating")).all():
        conn.execute(sa.update(jobs).where(jobs.c.id == row.id).values(_columns(json.loads(row.body))))


def _columns(job: dict[str, Any]) -> dict[str, Any]:
    task, request = job["state"]["task"], job["request"]
    return {
        "task_id": task["id"],
        "accepted_at": task["accepted_at"],
        "task_how": task.get("how", "answer"),
        "tier": request.get("resolution") or _tier(request.get("size") or ""),
        "clip_s": request.get("duration_s") or 0,
    }


def _tier(size: str) -> str:
    width, _, height = size.partition("*")
    if not (width.isdigit() and height.isdigit()):
        return ""
    return next(tier for most, tier in _TIERS if int(width) * int(height) < most)
