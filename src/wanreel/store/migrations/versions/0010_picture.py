"""Records of groups, what was found in clips, and what people picked."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INSTANT: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Clips that are there already are judged when somebody asks; their groups get the record they lacked."""
    op.create_table(
        "groups",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_groups_newest", "groups", ["created_at", "id"])
    op.create_table(
        "reviews",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("due_at", _INSTANT),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT),
        sa.Column("score", _INSTANT),
        sa.Column("body", sa.Text()),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    due = "due_at IS NOT NULL"
    op.create_index("ix_reviews_due", "reviews", ["due_at"], sqlite_where=sa.text(due), postgresql_where=sa.text(due))
    op.create_table(
        "picks",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("ix_picks_job", "picks", ["job_id"])
    _fill_in(op.get_bind())


def _fill_in(conn: sa.Connection) -> None:
    """The record of each group there is, as far as its jobs tell."""
    meta = sa.MetaData()
    jobs, groups = (sa.Table(name, meta, autoload_with=conn) for name in ("jobs", "groups"))
    found: dict[str, list[Any]] = {}
    for row in conn.execute(sa.select(jobs.c.batch, jobs.c.body).where(jobs.c.batch.is_not(None))):
        found.setdefault(row.batch, []).append(json.loads(row.body))
    for group, members in found.items():
        first = min(members, key=lambda job: (job["created_at"], job.get("index", 0)))
        wishes = {json.dumps({**job["request"], "seed": 0}, sort_keys=True) for job in members}
        body = {
            "id": group,
            "kind": "variants" if len(wishes) == 1 else "batch",
            "project": first.get("project", "default"),
            "created_at": first["created_at"],
            "wanted": len({job.get("index", 0) for job in members}),
            "seeds": "drawn" if len(wishes) == 1 else "mixed",
            "name": first.get("name"),
        }
        row = {"id": group, "project": body["project"], "created_at": first["created_at"], "body": json.dumps(body)}
        conn.execute(sa.insert(groups).values(row))
